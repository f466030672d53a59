/** Lines of JSON as they stream in: bounded in size and number, cut anywhere. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'

const newline = 0x0a
/** Of one line. */
export const lineBytesMax = 8_388_608

/** Lines that are worked on before other calls get their turn. */
export const linesPerTurn = 32

const tooLong = (number: number): Problem =>
  new Problem('body_too_large', { message: `Line ${number} is over ${lineBytesMax} bytes.` })

const isBlank = (line: Buffer): boolean => /^[\s\uFEFF]*$/.test(line.toString('utf8', 0, Math.min(line.length, 64)))

/** A line with its number, from 1. Blank ones are left out. @throws Problem `body_too_large`. */
export async function* jsonLines(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly line: Buffer; readonly number: number }> {
  let held: Buffer[] = []
  let heldBytes = 0
  let number = 0
  const take = (last: Buffer): Buffer => {
    const line = held.length === 0 ? last : Buffer.concat([...held, last])
    held = []
    heldBytes = 0
    number += 1
    return line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(newline, start)
      if (end === -1) break
      const line = take(chunk.subarray(start, end))
      if (line.length > lineBytesMax) throw tooLong(number)
      start = end + 1
      if (!isBlank(line)) yield { line, number }
    }
    if (start < chunk.length) {
      held.push(Buffer.from(chunk.subarray(start)))
      heldBytes += chunk.length - start
    }
    if (heldBytes > lineBytesMax) throw tooLong(number + 1)
  }
  const last = take(Buffer.alloc(0))
  if (!isBlank(last)) yield { line: last, number }
}
