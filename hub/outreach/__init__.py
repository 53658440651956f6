"""The outreach queue: cases of households, the reasons behind them, and what people do with them.

`reasons.report` and `reasons.resolve` are the hub's side; `Desk` is the side of the people on duty. The order of the
queue is that of `hub.views.queue`.
"""
