"""変化の兆し: whether a person is lately other than usual, in answering at all, how fast, how often asked, how well.

`settings` is the city's numbers, `judging` the comparison (pure), `daily` what falls due once a day for each person.
A change is a reason of severity needs_check, told once; never an emergency, never by itself a visit.
"""
