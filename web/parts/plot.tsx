/** Draws a chart with uPlot on a canvas; its table stands in `chart.tsx`. */

import { useEffect, useRef } from 'react'
import type { Options } from 'uplot'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { usePreferences } from './language.tsx'
import type { ChartProps } from './series.ts'

const heightPx = 208
const gapShare = 0.72

/** Half a span on both sides, so that no bar is cut. */
const edgeOf = (moments: readonly number[]): number => ((moments[1] ?? 0) - (moments[0] ?? 0)) / 2

const daySeconds = 86_400
const labelPx = 84

/** Days are days of UTC: a line at midnight of this browser would stand beside the bar that it names. */
const daySplits = (moments: readonly number[]) => {
  if ((moments[1] ?? 0) - (moments[0] ?? 0) < daySeconds) return {}
  const splits = (plot: UPlot): number[] => {
    const every = Math.max(1, Math.ceil((moments.length * labelPx) / plot.width))
    return moments.filter((_moment, place) => place % every === 0)
  }
  return { splits }
}

const colourOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const optionsOf = ({ series, moments, write, writeMoment }: ChartProps, widthPx: number): Options => {
  const axis = {
    stroke: colourOf('--soft'),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
  }
  const bars = UPlot.paths.bars?.({ size: [gapShare, 40], radius: 0.15 })
  return {
    width: widthPx,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range: (_plot, low, high) => [low - edgeOf(moments), high + edgeOf(moments)] },
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 34,
        // The lowest figure of the other axis stands beside the first label.
        gap: 9,
        grid: { show: false },
        values: (_plot, splits) => splits.map((at) => (moments.length === 0 ? '' : writeMoment(at))),
        space: labelPx,
        ...daySplits(moments),
      },
      { ...axis, size: 68, values: (_plot, splits) => splits.map((value) => write(value)) },
    ],
    series: [
      {},
      ...series.map(({ name, colour, look }) => {
        const stroke = colourOf(`--series-${colour}`)
        return look === 'bars'
          ? {
              label: name,
              stroke,
              fill: stroke,
              width: 0,
              points: { show: false },
              ...(bars === undefined ? {} : { paths: bars }),
            }
          : { label: name, stroke, width: 1.75, points: { show: false } }
      }),
    ],
  }
}

/** What the pointer is on, written beside it. */
const readout = (plot: UPlot, element: HTMLElement, { series, write, writeMoment }: ChartProps): void => {
  const index = plot.cursor.idx
  const at = index == null ? undefined : plot.data[0][index]
  if (index == null || at === undefined) {
    element.textContent = ''
    return
  }
  const values = series.map(
    ({ name, values: own }) => `${series.length > 1 ? `${name} ` : ''}${write(own[index] ?? null)}`,
  )
  element.textContent = `${writeMoment(at)} · ${values.join(' · ')}`
}

/** The canvas, as wide as its place. Redrawn when the numbers, the language or the theme change. */
export const Plot = (props: ChartProps) => {
  const place = useRef<HTMLDivElement>(null)
  const words = useRef<HTMLParagraphElement>(null)
  const { theme, language } = usePreferences()
  const { title, moments, series } = props
  const shape = JSON.stringify([moments, series, theme, language])
  const latest = useRef(props)
  latest.current = props
  // biome-ignore lint/correctness/useExhaustiveDependencies: the numbers are compared by `shape`, not by identity.
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const data = [[...moments], ...series.map(({ values }) => [...values])] as UPlot.AlignedData
    const plot = new UPlot(optionsOf(latest.current, element.clientWidth), data, element)
    plot.over.addEventListener('mousemove', () => {
      if (words.current !== null) readout(plot, words.current, latest.current)
    })
    const watcher = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }))
    watcher.observe(element)
    return () => {
      watcher.disconnect()
      plot.destroy()
    }
  }, [shape])
  return (
    <div className="chart">
      <div ref={place} role="img" aria-label={title} />
      <p className="chart-words tabular" ref={words} aria-hidden="true" />
    </div>
  )
}
