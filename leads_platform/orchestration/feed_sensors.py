"""A sensor for each feed: what lies in its folder against what the manifests speak of.

Belongs here: when the `arrivals` job is asked for, and for which files. Does not: taking them in.

State, not events: a tick compares folder and manifests and needs no lock and no clock. A file is taken when its size
and time of change are as in the tick before. The run key holds what the files looked like and an attempt, because
Dagster never runs a key twice and a crashed run's files would otherwise wait for ever.
"""

import hashlib
import json
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


def feed_sensor(platform: Platform, feed: str, seconds: int = FEED_SECONDS) -> dg.SensorDefinition:
    """The sensor `<feed>_files`; off until a person turns it on."""
    current = CurrentPlatform(platform)

    @dg.sensor(
        name=f"{feed}_files",
        job=arrivals_job,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Takes in the files that rest in landing/{feed}.",
    )
    def files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return tick(current.now(), feed, Cursor.read(context.cursor), context.instance)

    return files


def tick(platform: Platform, feed: str, before: Cursor, instance: dg.DagsterInstance) -> dg.SensorResult:
    """One look: the runs to ask for, and the cursor for the next."""
    if words := _why_not(platform, feed):
        return dg.SensorResult(skip_reason=words, cursor=before.text())
    contracts = {feed: platform.contracts[feed]}
    state = read_state(platform.settings, contracts)
    files = {_key(file): file for file in waiting(platform.settings, state)}
    resting = [key for key in files if key in before.looks]
    told_by = f"{contracts[feed].hash()}:{contracts[feed].zone}"
    again = [f"again:{m.original}:{told_by}:{m.reason}" for m in state.to_reread()]
    after = Cursor(list(files), {})
    fresh: list[str] = []
    retries: list[str] = []
    for key in [*resting, *again]:
        asked = before.asked.get(key)
        if asked is None:
            fresh.append(key)
            continue
        after.asked[key] = asked
        if not _is_over(instance, asked.run_key):
            continue
        if asked.wait > 0:
            asked.wait -= 1
        else:
            asked.attempt += 1
            asked.wait = min(2**asked.attempt, _LONGEST_WAIT) - 1
            retries.append(key)
    # Fresh files share a run. One that failed gets a run to itself: what is wrong with it must not stop the others.
    requests = [_request(feed, fresh, files, 0, after)] if fresh else []
    requests += [_request(feed, [key], files, after.asked[key].attempt, after) for key in retries]
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=after.text())
    return dg.SensorResult(skip_reason=_words(feed, files, resting, after), cursor=after.text())


def _why_not(platform: Platform, feed: str) -> str:
    """Why nothing of the feed can be taken in now, if so."""
    broken = [entry.words() for entry in platform.out_of_order if entry.feed == feed]
    if broken:
        return "\n".join(broken)
    if feed not in platform.contracts:
        return (
            f"The contract of {feed} was taken away from {platform.settings.feeds}; reload the code location, and this "
            "sensor goes."
        )
    if not platform.settings.landing.is_dir():
        return (
            f"{platform.settings.landing} is not there: is its disk mounted, and LEADS_PLATFORM_DATA the right folder?"
        )
    return ""


def _key(file: LandingFile) -> str:
    return f"{file.name}:{file.size}:{file.mtime_ns}"


def _is_over(instance: dg.DagsterInstance, run_key: str) -> bool:
    """Whether the run ended (well or not), or never came to be."""
    runs = instance.get_runs(dg.RunsFilter(tags={ASKED_TAG: run_key}))
    return all(run.is_finished for run in runs)


def _request(feed: str, keys: list[str], files: dict[str, LandingFile], attempt: int, cursor: Cursor) -> dg.RunRequest:
    content = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:24]
    run_key = f"{feed}:{content}:{attempt}"
    for key in keys:
        cursor.asked.setdefault(key, Asked(run_key)).run_key = run_key
    named = [
        {"feed": feed, "name": files[key].name, "size": files[key].size, "mtime_ns": files[key].mtime_ns}
        for key in keys
        if key in files
    ]
    config = {"ops": {"take_in": {"config": {"only_named": True, "files": named}}}}
    return dg.RunRequest(run_key=run_key, run_config=config, tags={ASKED_TAG: run_key, "feed": feed})


def _words(feed: str, files: dict[str, LandingFile], resting: list[str], after: Cursor) -> str:
    moving = [files[key].name for key in files if key not in resting]
    if moving:
        return f"Waiting for {', '.join(moving[:5])} to rest."
    if after.asked:
        tries = max(asked.attempt for asked in after.asked.values())
        tried = f"; {tries} run(s) have failed, the next tries wait longer" if tries else ""
        return f"{len(after.asked)} file(s) of {feed} are being taken in{tried}."
    return f"Nothing new in landing/{feed}."
