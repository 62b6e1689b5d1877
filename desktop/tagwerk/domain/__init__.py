"""What a plant is: tags, values, alarms, connections, as plain data.

Standard library only: no Qt, no asyncio, no input or output, no clock. Everything above
speaks in these words.
"""
