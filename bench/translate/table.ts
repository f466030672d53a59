/** The figures for a person. */

import type { Figure, Result } from './measure.ts'

const figureText = ({ median, min, max }: Figure): string =>
  `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`

const aligned = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Medians with the least and the most of the rounds. */
export const translationTable = ({ node, cpu, rounds, pieces, rows }: Result): string =>
  [
    `Translation: CPU from the upstream's bytes to the caller's, without sockets. Streams of ${pieces} pieces of text, a thought and a call;`,
    `medians of ${rounds} interleaved rounds (least-most), in microseconds. Node ${node}, ${cpu}.`,
    '',
    aligned([
      ['upstream', 'caller', 'us an event', 'ratio', 'us a document', 'ratio'],
      ...rows.map(({ from, to, eventUs, documentUs, eventRatio, documentRatio }) => [
        from,
        from === to ? 'the same, or read' : to,
        figureText(eventUs),
        eventRatio.toFixed(2),
        figureText(documentUs),
        documentRatio.toFixed(2),
      ]),
    ]),
  ].join('\n')
