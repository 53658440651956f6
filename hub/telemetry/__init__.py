"""How the speakers themselves fare: temperature, Wi-Fi, disk, what waits to be sent.

`keeper` takes readings from ingest without ever holding it up; `rollup` is the copy in our own store, by hour and by
day; `sink` is an InfluxDB-2-compatible store for those who have one; `limits` names the numbers and their bounds.
"""
