"""MQTT 3.1.1 as the hub needs it: read by the hundred, acknowledged by the hundred, on one connection of one thread.

A general client reads a message with five calls of the system and hands it over alone; on two cores that was half of
what an event cost the hub. Here a read takes whatever has arrived. Only what the hub does is spoken: CONNECT with a
kept session, SUBSCRIBE, PUBLISH with QoS 0 outwards and 0 or 1 inwards, PUBACK when the caller says so, PING.
"""
