/** A secret from stdin: a pipe or a file, never what a person types where it can be seen. */

import { Buffer } from 'node:buffer'
import { usageFailure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'

const secretBytesMax = 65_536

/** Without the blanks around it. `flag`: the other way to give it. @throws Failure of usage */
export const secretFromStdin = async (stdin: CommandLinePorts['stdin'], flag: string): Promise<string> => {
  if (stdin.isTTY === true || stdin[Symbol.asyncIterator] === undefined)
    throw usageFailure(
      'The secret is missing.',
      `Pipe it in ('… < file'), or name the environment variable that holds it with ${flag}.`,
    )
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of stdin as AsyncIterable<string | Uint8Array>) {
    const bytes = Buffer.from(piece)
    sizeBytes += bytes.length
    if (sizeBytes > secretBytesMax)
      throw usageFailure('What came on stdin is too long for a secret.', `Pipe in nothing else, or use ${flag}.`)
    pieces.push(bytes)
  }
  const secret = Buffer.concat(pieces).toString('utf8').trim()
  if (secret === '') throw usageFailure('Nothing came on stdin.', `Pipe the secret in, or use ${flag}.`)
  return secret
}
