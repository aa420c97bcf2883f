"""What the room says of itself."""

from leads_platform.room import Room

room = Room(says="What tests of the engine build instead of the platform's tables.", owner="team:platform")
