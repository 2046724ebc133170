"""Creates the objects of a scheduled job."""

from __future__ import annotations

from constructs import Construct

from ..parts.configuration import config_maps, external_secrets
from ..parts.identity import identity
from ..parts.labels import meta
from ..parts.objects import Manifest
from ..parts.pod import job_pod_template
from ..values.release import Version
from ..values.resolved_service import ResolvedService


class ScheduledJob(Construct):
    """A CronJob. By default its runs do not overlap and end after an hour at the latest."""

    def __init__(self, scope: Construct, resolved: ResolvedService, version: Version) -> None:
        super().__init__(scope, resolved.service.name)
        identity(self, resolved, "")
        config_maps(self, resolved, "")
        external_secrets(self, resolved, "")
        self._cron_job(resolved, version)

    def _cron_job(self, resolved: ResolvedService, version: Version) -> None:
        schedule = resolved.service.schedule
        assert schedule is not None
        job = {
            "backoffLimit": schedule.retries,
            "activeDeadlineSeconds": schedule.deadline_seconds,
            "ttlSecondsAfterFinished": 86_400,
            "template": job_pod_template(resolved, version),
        }
        Manifest(
            self,
            "batch/v1",
            "CronJob",
            meta(resolved, resolved.service.name),
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
