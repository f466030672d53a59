/** Drawing: scales, axes and lines of the charts of a report, as SVG without a script. Colours are the page's own, by class. */

import { escapeHtml } from '#base/html.ts'

export type Frame = {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** From a value to its place. */
export type Scale = (value: number) => number

export type Tick = { readonly value: number; readonly label: string }

const fixed = (place: number): string => (Math.round(place * 10) / 10).toString()

export const linear =
  (from: number, to: number, place: { readonly start: number; readonly end: number }): Scale =>
  (value) =>
    place.start + ((value - from) / (to - from || 1)) * (place.end - place.start)

export const logarithmic = (
  from: number,
  to: number,
  place: { readonly start: number; readonly end: number },
): Scale => {
  const scale = linear(Math.log(from), Math.log(to), place)
  return (value) => scale(Math.log(Math.max(value, 1e-300)))
}

const steps = [1, 2, 2.5, 5, 10] as const

/** Round numbers that cover a range, about `count` of them. */
export const roundTicks = (from: number, to: number, count: number): readonly number[] => {
  const rough = (to - from || 1) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (steps.find((one) => one * power >= rough) ?? 10)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_unused, index) => (first + index) * step)
}

/** 1, 2, 5, 10, 20 … within a range. */
export const logTicks = (from: number, to: number): readonly number[] => {
  const found: number[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1)
    for (const part of [1, 2, 5]) {
      const value = part * 10 ** power
      if (value >= from * 0.999 && value <= to * 1.001) found.push(value)
    }
  return found.length <= 7
    ? found
    : found.filter((value) => /^1(?:0*$|e)/.test(value.toPrecision(1).replace(/^0\.0*/, '')))
}

/** `8.25 ms`, `309 ms`, `1.24 s`. */
export const sayMs = (ms: number): string => {
  const [value, unit] = ms >= 1_000 ? [ms / 1_000, 's'] : [ms, 'ms']
  return `${Number(value.toPrecision(3))} ${unit}`
}

const units: readonly (readonly [seconds: number, letter: string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** Times since a beginning, in the unit that fits: `+6 h`. */
export const timeTicks = (spanMs: number, count: number): readonly Tick[] => {
  const [seconds, letter] = units.find(([size]) => spanMs / 1_000 / size >= 2) ?? [0.001, 'ms']
  return roundTicks(0, spanMs / 1_000 / seconds, count).map((value) => ({
    value: value * seconds * 1_000,
    label: value === 0 ? 'start' : `+${Number(value.toFixed(2))} ${letter}`,
  }))
}

export const line = (points: readonly (readonly [number, number])[], name: string): string =>
  points.length === 0
    ? ''
    : `<path class="${name}" d="M${points.map(([x, y]) => `${fixed(x)} ${fixed(y)}`).join('L')}"/>`

/** Between two lines of the same places. */
export const band = (
  points: readonly { readonly x: number; readonly low: number; readonly high: number }[],
  name: string,
): string =>
  points.length === 0
    ? ''
    : `<path class="${name}" d="M${points.map(({ x, high }) => `${fixed(x)} ${fixed(high)}`).join('L')}L${points
        .toReversed()
        .map(({ x, low }) => `${fixed(x)} ${fixed(low)}`)
        .join('L')}Z"/>`

export const label = (
  text: string,
  at: { readonly x: number; readonly y: number; readonly anchor?: 'start' | 'middle' | 'end'; readonly name?: string },
): string =>
  `<text x="${fixed(at.x)}" y="${fixed(at.y)}" text-anchor="${at.anchor ?? 'start'}"${at.name === undefined ? '' : ` class="${at.name}"`}>${escapeHtml(text)}</text>`

/** Lines across with their figures at the left. */
export const across = (ticks: readonly Tick[], y: Scale, { width, left, right }: Frame): string =>
  ticks
    .map(
      ({ value, label: text }) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/>${label(text, { x: left - 6, y: y(value) + 4, anchor: 'end', name: 'tick' })}`,
    )
    .join('')

/** Figures below. */
export const below = (ticks: readonly Tick[], x: Scale, { height, bottom, width }: Frame): string =>
  ticks
    .map(({ value, label: text }) => {
      const at = x(value)
      const anchor = at > width - 30 ? 'end' : at < 24 ? 'start' : 'middle'
      return `<line class="axis" x1="${fixed(at)}" x2="${fixed(at)}" y1="${height - bottom}" y2="${height - bottom + 4}"/>${label(text, { x: at, y: height - bottom + 17, anchor, name: 'tick' })}`
    })
    .join('')

export const svg = ({ width, height }: Frame, title: string, body: string): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}"><title>${escapeHtml(title)}</title>${body}</svg>`

/** A chart in two widths, of which the page shows the one that fits: text keeps its size. */
export const inBothWidths = (draw: (width: number) => string): string =>
  `<div class="wide">${draw(1_000)}</div><div class="narrow">${draw(340)}</div>`

/** At most so many of them, evenly; the last one always. */
export const thinned = <T>(all: readonly T[], most: number): readonly T[] => {
  if (all.length <= most) return all
  const step = (all.length - 1) / (most - 1)
  return Array.from({ length: most }, (_unused, index) => all[Math.round(index * step)] as T)
}
