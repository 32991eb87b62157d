/** A point of a line; without a value the line is interrupted. */
export interface Point {
  /** ms since 1970. */
  at: number;
  value: number | null;
}

export interface Frame {
  from: number;
  to: number;
  top: number;
  width: number;
  height: number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** The least round number that is not below `value`; 1 at least, so that a flat line at 0 has a scale. */
export function roundUp(value: number): number {
  if (!(value > 1)) return 1;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return magnitude * (STEPS.find((step) => step * magnitude >= value) ?? 10);
}

/** The drawing commands of a line, one stroke for each run of values. */
export function pathOf(points: readonly Point[], { from, to, top, width, height }: Frame): string {
  let pen = 'M';
  const commands: string[] = [];
  for (const { at, value } of points) {
    if (value === null || at < from) {
      pen = 'M';
      continue;
    }
    const x = ((at - from) / (to - from)) * width;
    const y = height - (Math.min(value, top) / top) * height;
    commands.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`);
    pen = 'L';
  }
  return commands.join('');
}

/** Of points in the order of time, the index of the one nearest to a moment; -1 when there is none. */
export function nearest(points: readonly Point[], at: number): number {
  let best = -1;
  for (let index = 0; index < points.length; index += 1) {
    if (best < 0 || Math.abs(points[index]!.at - at) <= Math.abs(points[best]!.at - at)) best = index;
  }
  return best;
}
