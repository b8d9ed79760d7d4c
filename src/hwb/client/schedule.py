"""Schedules as the system's own files: systemd units, and tasks for the Windows Task Scheduler.

Nightly at a time derived from the school's number, so that the nation's schools do not start together, or at one that
was asked for; a night that was missed is caught up. A check-in every 15 minutes.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

#: 02:00–02:59 exists once on every day of the year in Europe/London; 01:00–01:59 does not.
HOUR = 2
CHECK_IN_MINUTES = 15
#: Pauses of up to ten minutes: about 50 minutes in all, then it is left to the next night.
NIGHTLY_TRIES = 13
LONGEST_RUN_HOURS = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a schedule starts: the program's arguments, the client's home, who runs it, folders it may write to."""

    program: tuple[str, ...]
    home: Path
    user: str = ""
    writable: tuple[str, ...] = ()

    def run_of(self, school: str) -> list[str]:
        return [
            *self.program, "run", "--school", school, "--home", str(self.home),
            "--quiet", "--tries", str(NIGHTLY_TRIES),
        ]  # fmt: skip

    def check_in(self) -> list[str]:
        return [*self.program, "check-in", "--home", str(self.home), "--quiet"]


def spread(key: str) -> tuple[int, int]:
    """Minute and second, 0–59, the same for the same school number and evenly spread over them."""
    value = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % 3600
    return value // 60, value % 60


def starts_at(school: str, *, at: str = "") -> str:
    """The nightly time of a school, as HH:MM:SS. at: another time of day, HH:MM; the second stays the school's own."""
    minute, second = spread(school)
    return f"{at or f'{HOUR:02}:{minute:02}'}:{second:02}"


def systemd(plan: Plan, schools: list[str], *, at: str = "") -> dict[str, str]:
    """File name → content: a service and a timer a school, and the check-in's pair."""
    files = {}
    for school in schools:
        name = f"hwb-client-{school}"
        files[f"{name}.service"] = _service(
            f"Hwb: send what the MIS of school {school} says", plan.run_of(school), plan
        )
        files[f"{name}.timer"] = _timer(
            f"Hwb: school {school}, every night", f"*-*-* {starts_at(school, at=at)} Europe/London"
        )
    _, second = spread(",".join(schools))
    quarter = f"*:{spread(','.join(schools))[0] % CHECK_IN_MINUTES}/{CHECK_IN_MINUTES}:{second:02}"
    files["hwb-client-check-in.service"] = _service("Hwb: check in", plan.check_in(), plan)
    files["hwb-client-check-in.timer"] = _timer("Hwb: check in every 15 minutes", quarter)
    return files


def windows(plan: Plan, schools: list[str], *, at: str = "") -> dict[str, str]:
    """File name → task XML (to be written as UTF-16): a task a school, and the check-in's."""
    files = {}
    for school in schools:
        daily = _WINDOWS_DAILY.format(time=starts_at(school, at=at))
        files[f"hwb-client-{school}.xml"] = _task(
            f"Hwb: school {school}, every night", daily, plan.run_of(school), plan
        )
    minute, second = spread(",".join(schools))
    often = _WINDOWS_OFTEN.format(time=f"00:{minute % CHECK_IN_MINUTES:02}:{second:02}", minutes=CHECK_IN_MINUTES)
    files["hwb-client-check-in.xml"] = _task("Hwb: check in every 15 minutes", often, plan.check_in(), plan)
    return files


def _service(description: str, command: list[str], plan: Plan) -> str:
    writable = " ".join(_unit_word(path) for path in (str(plan.home), *plan.writable))
    user = f"User={plan.user}\n" if plan.user else ""
    return f"""[Unit]
Description={description}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{user}ExecStart={" ".join(_unit_word(word) for word in command)}
# 3: some records were refused, 4: held for review. The school is told of both; the run itself worked.
SuccessExitStatus=3 4
TimeoutStartSec={LONGEST_RUN_HOURS}h
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
CapabilityBoundingSet=
"""


def _timer(description: str, calendar: str) -> str:
    return f"""[Unit]
Description={description}

[Timer]
OnCalendar={calendar}
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
"""


def _unit_word(word: str) -> str:
    """A word of a unit file: % and $ are its own signs, and blanks need quotes."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"' if any(character in word for character in " \t'\"\\;") else quoted


_WINDOWS_DAILY = """<CalendarTrigger>
      <StartBoundary>2020-01-01T{time}</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>"""
_WINDOWS_OFTEN = """<TimeTrigger>
      <Repetition><Interval>PT{minutes}M</Interval><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>
      <StartBoundary>2020-01-01T{time}</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>"""
_LOCAL_SERVICE = "S-1-5-19"


def _task(description: str, trigger: str, command: list[str], plan: Plan) -> str:
    user = escape(plan.user or _LOCAL_SERVICE)
    logon = "<LogonType>Password</LogonType>" if plan.user else ""
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{escape(description)}</Description></RegistrationInfo>
  <Triggers>
    {trigger}
  </Triggers>
  <Principals>
    <Principal id="Author"><UserId>{user}</UserId>{logon}<RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT{LONGEST_RUN_HOURS}H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(command[0])}</Command>
      <Arguments>{escape(subprocess.list2cmdline(command[1:]))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
