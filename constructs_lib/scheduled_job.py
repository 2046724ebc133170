"""A program that runs at set times and ends."""

from __future__ import annotations

from constructs import Construct

from .environment import Placed
from .objects import Manifest
from .parts.configuration import config_maps, external_secrets
from .parts.identity import identity
from .parts.labels import meta
from .parts.pod import job_pod_template
from .release import Version


class ScheduledJob(Construct):
    """A CronJob whose runs neither overlap nor last for ever, unless the service says so."""

    def __init__(self, scope: Construct, placed: Placed, version: Version) -> None:
        super().__init__(scope, placed.service.name)
        identity(self, placed, "")
        config_maps(self, placed, "")
        external_secrets(self, placed, "")
        self._cron_job(placed, version)

    def _cron_job(self, placed: Placed, version: Version) -> None:
        schedule = placed.service.schedule
        assert schedule is not None
        job = {
            "backoffLimit": schedule.retries,
            "activeDeadlineSeconds": schedule.deadline_seconds,
            "ttlSecondsAfterFinished": 86_400,
            "template": job_pod_template(placed, version),
        }
        Manifest(
            self,
            "batch/v1",
            "CronJob",
            meta(placed, placed.service.name),
            spec={
                "schedule": schedule.cron,
                "timeZone": schedule.time_zone,
                "concurrencyPolicy": schedule.overlap,
                "startingDeadlineSeconds": 300,
                "successfulJobsHistoryLimit": 1,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {"spec": job},
            },
        )
