"""A scheduler for Snakemake that runs what it is given at once, to try profiles where there is no cluster.

It notes what each submission makes: a line of submissions.jsonl.
"""

import json
import subprocess
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings

common_settings = CommonSettings(
    non_local_exec=True,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    pass_default_storage_provider_args=True,
    pass_default_resources_args=True,
    pass_envvar_declarations_to_cmd=False,
    auto_deploy_default_storage_provider=False,
    pass_group_args=True,
    init_seconds_before_status_checks=1,
)


class Executor(RemoteExecutor):
    """Each submission is a process."""

    def run_job(self, job) -> None:
        made = [str(file) for each in (job.jobs if job.is_group() else [job]) for file in each.output]
        with Path("submissions.jsonl").open("a") as submissions:
            submissions.write(json.dumps(made) + "\n")
        process = subprocess.Popen(["bash", "-c", self.format_job_exec(job)])
        self.report_job_submission(SubmittedJobInfo(job, aux={"process": process}))

    async def check_active_jobs(self, active_jobs):
        for submitted in active_jobs:
            status = submitted.aux["process"].poll()
            if status is None:
                yield submitted
            elif status == 0:
                self.report_job_success(submitted)
            else:
                self.report_job_error(submitted)

    def cancel_jobs(self, active_jobs) -> None:
        for submitted in active_jobs:
            submitted.aux["process"].kill()
