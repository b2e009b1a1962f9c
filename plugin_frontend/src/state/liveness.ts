/** After so long without a record a run is taken to have ended or stopped. Seconds. */
const LIVE_S = 60;

export function isLive(lastWallTime: number, nowMs: number): boolean {
  return nowMs / 1000 - lastWallTime < LIVE_S;
}

/** "Live, read 4 s ago", "Last record 14 min ago": of a run's last record and of when we looked. */
export function liveStatus(lastWallTime: number, readAtMs: number, nowMs: number): string {
  if (isLive(lastWallTime, nowMs)) return `Live, read ${ago((nowMs - readAtMs) / 1000)}`;
  return `Last record ${ago(nowMs / 1000 - lastWallTime)}`;
}

export function ago(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3600) return `${Math.round(whole / 60)} min ago`;
  if (whole < 48 * 3600) return `${Math.round(whole / 3600)} h ago`;
  return `${Math.round(whole / 86400)} days ago`;
}
