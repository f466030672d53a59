/** What a chart draws. */

import type { ReactNode } from 'react'

export type Series = {
  readonly name: string
  /** One for each moment; `null` = nothing is known of it. */
  readonly values: readonly (number | null)[]
  /** 1 to 6: the colour. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6
  /** `bars` for amounts of a span, `line` for levels. */
  readonly look: 'bars' | 'line'
}

export type ChartProps = {
  readonly title: string
  /** Seconds since 1970. */
  readonly moments: readonly number[]
  readonly series: readonly Series[]
  /** How the values of the axis and of the table are written. */
  readonly write: (value: number | null) => string
  readonly writeMoment: (seconds: number) => string
  readonly beside?: ReactNode
}
