/** A dashboard of Grafana drawn as one SVG: its panels in their places, lines and figures as Prometheus answered. */

export type Panel = {
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

export type Board = { readonly title: string; readonly panels: readonly Panel[] }

type Result = {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}

export type Drawn = {
  readonly title: string
  readonly fromMs: number
  readonly toMs: number
  readonly panels: readonly {
    readonly panel: Panel
    readonly series: readonly { readonly legendFormat: string; readonly data: { readonly result: readonly Result[] } }[]
  }[]
}

type Line = { readonly name: string; readonly points: readonly (readonly [number, number])[] }
type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

const cellWidth = 50
const cellHeight = 30
const top = 46
const colours = [
  '#7eb26d',
  '#eab839',
  '#6ed0e0',
  '#ef843c',
  '#e24d42',
  '#1f78c1',
  '#ba43a9',
  '#705da0',
  '#508642',
  '#cca300',
]

const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`)

const units: Readonly<Record<string, (value: number) => string>> = {
  s: (value) => (value < 1 ? `${(value * 1_000).toPrecision(3)} ms` : `${value.toPrecision(3)} s`),
  reqps: (value) => `${value.toPrecision(3)} /s`,
  percentunit: (value) => `${(value * 100).toPrecision(3)} %`,
  bytes: (value) => `${(value / 2 ** 20).toFixed(0)} MiB`,
  currencyUSD: (value) => `$${value.toPrecision(3)}`,
}
const textOf = (value: number, unit: string | undefined): string =>
  units[unit ?? '']?.(value) ?? (Number.isInteger(value) ? `${value}` : value.toPrecision(3))

const nameOf = (legend: string, metric: Readonly<Record<string, string>>): string =>
  legend.replace(/\{\{(\w+)\}\}/g, (_whole, label: string) => metric[label] ?? '')

const linesOf = (series: Drawn['panels'][number]['series']): readonly Line[] =>
  series.flatMap(({ legendFormat, data }) =>
    data.result.map(({ metric, values }) => ({
      name: nameOf(legendFormat, metric),
      points: values
        .map(([atSeconds, text]) => [atSeconds * 1_000, Number(text)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    })),
  )

const label = (text: string, at: readonly [number, number], style: string): string =>
  `<text x="${at[0]}" y="${at[1]}" ${style}>${escaped(text)}</text>`

const soft = 'fill="#9fa7b3" font-size="10"'

const chart = (
  lines: readonly Line[],
  box: Box,
  { fromMs, toMs, unit }: { fromMs: number; toMs: number; unit: string | undefined },
): string => {
  const left = box.x + 62
  const right = box.x + box.width - 12
  const ceiling = box.y + 34
  const floor = box.y + box.height - 16 - 13 * Math.ceil(Math.min(lines.length, 10) / 3)
  const highest = Math.max(1e-9, ...lines.flatMap(({ points }) => points.map(([, value]) => value)))
  const place = ([atMs, value]: readonly [number, number]): string =>
    `${(left + ((atMs - fromMs) / (toMs - fromMs)) * (right - left)).toFixed(1)},${(floor - (value / highest) * (floor - ceiling)).toFixed(1)}`
  const grid = [0, 0.5, 1].map((share) => {
    const y = floor - share * (floor - ceiling)
    return `<path d="M${left} ${y}H${right}" stroke="#2c3235"/>${label(textOf(highest * share, unit), [left - 6, y + 3], `${soft} text-anchor="end"`)}`
  })
  const drawn = lines.map(
    ({ points }, index) =>
      `<polyline fill="none" stroke="${colours[index % colours.length]}" stroke-width="1.5" points="${points.map(place).join(' ')}"/>`,
  )
  const legend = lines.slice(0, 10).map(({ name }, index) => {
    const x = box.x + 14 + (index % 3) * ((box.width - 20) / 3)
    const y = floor + 16 + 13 * Math.floor(index / 3)
    return `<path d="M${x} ${y - 3}h10" stroke="${colours[index % colours.length]}" stroke-width="2"/>${label(name.slice(0, 26), [x + 14, y], soft)}`
  })
  return [...grid, ...drawn, ...legend].join('')
}

const figure = (lines: readonly Line[], box: Box, unit: string | undefined): string => {
  const last = lines[0]?.points.at(-1)?.[1]
  const style = 'fill="#73bf69" font-size="34" text-anchor="middle"'
  return label(last === undefined ? 'No data' : textOf(last, unit), [box.x + box.width / 2, box.y + 80], style)
}

/** The whole board. */
export const boardSvg = ({ title, fromMs, toMs, panels }: Drawn): string => {
  const width = 24 * cellWidth
  const height = top + cellHeight * Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) + 8
  const drawn = panels.map(({ panel, series }) => {
    const { x, y, w, h } = panel.gridPos
    const box = {
      x: x * cellWidth + 4,
      y: top + y * cellHeight + 4,
      width: w * cellWidth - 8,
      height: h * cellHeight - 8,
    }
    const unit = panel.fieldConfig?.defaults?.unit
    const lines = linesOf(series)
    const body = panel.type === 'stat' ? figure(lines, box, unit) : chart(lines, box, { fromMs, toMs, unit })
    return `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" rx="3" fill="#181b1f" stroke="#2c3235"/>${label(panel.title, [box.x + 12, box.y + 20], 'fill="#d8d9da" font-size="13"')}${body}`
  })
  const when = `${new Date(fromMs).toISOString().slice(0, 19)} to ${new Date(toMs).toISOString().slice(11, 19)} UTC`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans, system-ui, sans-serif">
<title>Drover's dashboard: its own queries, answered by Prometheus in a run under load</title>
<rect width="100%" height="100%" fill="#111217"/>
${label(title, [12, 30], 'fill="#d8d9da" font-size="20"')}${label(when, [width - 12, 30], `${soft} text-anchor="end"`)}
${drawn.join('\n')}
</svg>
`
}
