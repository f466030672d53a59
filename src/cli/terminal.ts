/** Where a command writes: data to stdout, talk to stderr. */

export type Stream = {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  /** Of a stream whose reader may go away (`drover logs | head`). */
  readonly once?: (event: 'error', listener: (error: Error) => void) => unknown
}

export type Terminal = {
  /** Data: what another program may read. */
  readonly data: (text: string) => void
  /** One JSON value on a line of its own. */
  readonly json: (value: unknown) => void
  /** For a person. */
  readonly talk: (text: string) => void
  readonly paint: (style: Style, text: string) => string
}

export type Style = 'good' | 'bad' | 'doubtful' | 'faint' | 'strong'

const codes: Readonly<Record<Style, number>> = { good: 32, bad: 31, doubtful: 33, faint: 2, strong: 1 }

/** Whether talk may be coloured: on a terminal, unless `NO_COLOR` says no (https://no-color.org, read 2026-11-22). */
export const mayColour = (stream: Stream, environment: Readonly<Record<string, string | undefined>>): boolean => {
  if ((environment['NO_COLOR'] ?? '') !== '') return false
  if ((environment['FORCE_COLOR'] ?? '') !== '') return environment['FORCE_COLOR'] !== '0'
  return stream.isTTY === true && environment['TERM'] !== 'dumb'
}

/** A terminal over two streams. Only talk is ever coloured. */
export const openTerminal = (
  { stdout, stderr }: { readonly stdout: Stream; readonly stderr: Stream },
  environment: Readonly<Record<string, string | undefined>>,
): Terminal => {
  const isColoured = mayColour(stderr, environment)
  return {
    data: (text) => void stdout.write(text),
    json: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    talk: (text) => void stderr.write(text.endsWith('\n') ? text : `${text}\n`),
    paint: (style, text) => (isColoured ? `\u001b[${codes[style]}m${text}\u001b[0m` : text),
  }
}
