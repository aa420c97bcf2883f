"""A sensor for each room: what lies in its feeds' folders against what the manifests speak of.

Belongs here: when the `arrivals` job is asked for, and for which files. Does not: taking them in.

State, not events: a tick compares folders and manifests and needs no lock and no clock. A file is taken when its size
and time of change are as in the tick before. The run key holds what the files looked like and an attempt, because
Dagster never runs a key twice and a crashed run's files would otherwise wait for ever. One sensor for all feeds of a
room: a platform may have hundreds, and each sensor is a process's time and a line in the UI.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field

import dagster as dg

from leads_platform.arrivals.landing import LandingFile
from leads_platform.arrivals.receive import read_state, waiting
from leads_platform.orchestration.arrivals_job import arrivals_job
from leads_platform.orchestration.contracts import CurrentPlatform
from leads_platform.platform import Platform

# Seconds between two ticks, and so how long a file must rest.
FEED_SECONDS = 30
# The tag by which a tick finds the run it asked for.
ASKED_TAG = "leads_platform/arrival"
# A file whose runs keep failing is asked for after 1, 2, 4, ... ticks, at most this many (an hour).
_LONGEST_WAIT = 120
# Files that one tick asks for, oldest first; the others come with the next. The cursor holds what waits and no more.
_MOST_FILES = 500


@dataclass
class Asked:
    """An item (a file as it looks, or a second reading) that a run was asked for."""

    run_key: str
    attempt: int = 0
    wait: int = 0


@dataclass
class Cursor:
    """What a tick leaves for the next: the looks it saw and the runs it asked for."""

    looks: list[str] = field(default_factory=list)
    asked: dict[str, Asked] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        plain = json.loads(text) if text else {"looks": [], "asked": {}}
        return cls(plain["looks"], {key: Asked(**asked) for key, asked in plain["asked"].items()})

    def text(self) -> str:
        return json.dumps({"looks": self.looks, "asked": {key: vars(asked) for key, asked in self.asked.items()}})


def feed_sensors(
    platform: Platform, current: CurrentPlatform, seconds: int = FEED_SECONDS
) -> list[dg.SensorDefinition]:
    """The sensor `<room>_files` of each room that has feeds; off until a person turns it on.

    Also of those whose contract is out of order, and goes on once it is mended. Of whose room nobody knows, each tells.
    """
    unknown = {feed for feed in platform.stopped if feed not in platform.contracts}
    rooms: dict[str, set[str]] = {room: set() for room in (platform.rooms.by_name if unknown else ())}
    for feed, contract in platform.contracts.items():
        rooms.setdefault(contract.room, set()).add(feed)
    return [_sensor(current, room, feeds | unknown, seconds) for room, feeds in sorted(rooms.items())]


def _sensor(current: CurrentPlatform, room: str, feeds: Collection[str], seconds: int) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{room}_files",
        job=arrivals_job,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Takes in the files that rest in landing/ in the folders of the feeds of {room}.",
    )
    def files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return tick(current.now(), room, feeds, Cursor.read(context.cursor), context.instance)

    return files


def tick(
    platform: Platform, room: str, feeds: Collection[str], before: Cursor, instance: dg.DagsterInstance
) -> dg.SensorResult:
    """One look: the runs to ask for, and the cursor for the next. `feeds` are those whose assets Dagster has loaded."""
    settings, contracts = platform.settings, platform.contracts
    if not settings.landing.is_dir():
        said = f"{settings.landing} is not there: is its disk mounted, and LEADS_PLATFORM_DATA the right folder?"
        return dg.SensorResult(skip_reason=said, cursor=before.text())
    told = _out_of_order(platform, room, feeds)
    going = {feed for feed in feeds if feed not in platform.stopped and feed in contracts}
    going = {feed for feed in going if contracts[feed].room == room}
    state = read_state(settings, contracts, glance=True)
    files = {_key(file): file for file in waiting(settings, state, going)}
    seen = set(before.looks)
    resting = [key for key in files if key in seen]
    again = [
        f"again:{m.original}:{contracts[m.feed].hash()}:{contracts[m.feed].zone}:{m.reason}"
        for m in state.to_reread(going)
    ]
    after = Cursor(list(files), {})
    fresh: list[str] = []
    retries: list[str] = []
    over: dict[str, bool | None] = {}
    lost: dict[str, list[str]] = {}
    for key in [*resting, *again]:
        asked = before.asked.get(key)
        if asked is None:
            fresh.append(key)
            continue
        after.asked[key] = asked
        if asked.run_key not in over:
            over[asked.run_key] = _is_over(instance, asked.run_key)
        if over[asked.run_key] is None:
            lost.setdefault(asked.run_key, []).append(key)
            continue
        if not over[asked.run_key]:
            continue
        if _is_due([asked]):
            retries.append(key)
    together = [keys for keys in lost.values() if _is_due([after.asked[key] for key in keys])]
    # Fresh files share a run, and those of a run that never came to be go on sharing one. One that failed gets a run
    # to itself: what is wrong with it must not stop the others.
    requests = [_request(room, fresh[:_MOST_FILES], files, 0, after)] if fresh else []
    again_for = [*together, *([key] for key in retries)]
    requests += [
        _request(room, keys, files, max(after.asked[key].attempt for key in keys), after) for keys in again_for
    ]
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=after.text())
    said = "\n".join([*told, *([_words(files, resting, after)] if going or not told else [])])
    return dg.SensorResult(skip_reason=said, cursor=after.text())


def _out_of_order(platform: Platform, room: str, feeds: Collection[str]) -> list[str]:
    """Why nothing of some feeds can be taken in now."""
    found = []
    for feed in sorted(feeds):
        contract = platform.contracts.get(feed)
        if contract is not None and contract.room != room:
            continue
        broken = [entry.words() for entry in platform.out_of_order if entry.feed == feed]
        if broken:
            found += broken
        elif contract is None:
            found.append(f"The contract of {feed} was taken away; reload the code location, and the feed goes.")
    new = sorted(f for f, contract in platform.contracts.items() if contract.room == room and f not in feeds)
    if new:
        found.append(
            f"Contracts that are new: {', '.join(new)}; reload the code location, and their files are taken in."
        )
    return found


def _key(file: LandingFile) -> str:
    return f"{file.feed}/{file.name}:{file.size}:{file.mtime_ns}"


def _is_over(instance: dg.DagsterInstance, run_key: str) -> bool | None:
    """Whether the run ended, well or not; None where it never came to be."""
    runs = instance.get_runs(dg.RunsFilter(tags={ASKED_TAG: run_key}))
    return all(run.is_finished for run in runs) if runs else None


def _is_due(several: list[Asked]) -> bool:
    """Whether items that are asked for together get another run now; notes that this tick asks, or waited."""
    due = all(asked.wait <= 0 for asked in several)
    attempt = max(asked.attempt for asked in several) + 1
    for asked in several:
        if due:
            asked.attempt, asked.wait = attempt, min(2**attempt, _LONGEST_WAIT) - 1
        else:
            asked.wait = max(asked.wait - 1, 0)
    return due


def _request(room: str, keys: list[str], files: dict[str, LandingFile], attempt: int, cursor: Cursor) -> dg.RunRequest:
    content = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:24]
    run_key = f"{room}:{content}:{attempt}"
    for key in keys:
        cursor.asked.setdefault(key, Asked(run_key)).run_key = run_key
    named = [
        {"feed": file.feed, "name": file.name, "size": file.size, "mtime_ns": file.mtime_ns}
        for file in (files[key] for key in keys if key in files)
    ]
    config = {"ops": {"take_in": {"config": {"only_named": True, "files": named}}}}
    return dg.RunRequest(run_key=run_key, run_config=config, tags={ASKED_TAG: run_key, "room": room})


def _words(files: dict[str, LandingFile], resting: list[str], after: Cursor) -> str:
    at_rest = set(resting)
    moving = [f"{file.feed}/{file.name}" for key, file in files.items() if key not in at_rest]
    if moving:
        return f"Waiting for {', '.join(moving[:5])} to rest."
    if after.asked:
        tries = max(asked.attempt for asked in after.asked.values())
        tried = f"; {tries} run(s) have failed, the next tries wait longer" if tries else ""
        return f"{len(after.asked)} file(s) are being taken in{tried}."
    return "Nothing new in landing/."
