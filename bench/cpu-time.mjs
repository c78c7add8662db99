import * as fs from 'node:fs';

/** Clock ticks per second of /proc/PID/stat. */
const TICKS = 100;

/** The numbers of /proc/PID/stat from `ppid` on. */
function statOf(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [ppid, ...rest] = text
    .slice(text.lastIndexOf(')') + 4)
    .split(' ')
    .map(Number);
  const [user, system, endedUser, endedSystem] = rest.slice(9);
  return { ppid, own: user + system, ended: endedUser + endedSystem };
}

/**
 * CPU time in microseconds of a process with all of its threads, and with `children` also of the processes that it
 * started, ended ones too. Null where there is no /proc.
 */
export function cpuTime(pid, { children = false } = {}) {
  if (!fs.existsSync(`/proc/${pid}/stat`)) return null;
  const { own, ended } = statOf(pid);
  let ticks = own;
  if (children) {
    ticks += ended;
    for (const name of fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
      try {
        const child = statOf(name);
        if (child.ppid === pid) ticks += child.own;
      } catch {
        // The process has ended since the folder was listed; its parent has counted it.
      }
  }
  return (ticks * 1e6) / TICKS;
}
