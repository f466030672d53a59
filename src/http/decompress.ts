/** Compressed replies: Drover asks for none, but some servers compress all the same. */

import type { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { Problem } from '#base/problem.ts'
import { faultProblem } from './upstream-problem.ts'

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = constants

/** Flushed with every chunk, so that events are not held back inside the decoder. */
const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: () => createGunzip({ flush: Z_SYNC_FLUSH }),
  'x-gzip': () => createGunzip({ flush: Z_SYNC_FLUSH }),
  deflate: () => createInflate({ flush: Z_SYNC_FLUSH }),
  br: () => createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress({ flush: ZSTD_e_flush }),
}

/** More bytes than this from one compressed byte, once past `ratioFreeBytes`, is a bomb. */
const ratioMax = 1_000
const ratioFreeBytes = 16 * 1024 * 1024

async function* counted(source: AsyncIterable<Buffer>, seen: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    seen.bytes += chunk.length
    yield chunk
  }
}

async function* decoded(
  source: AsyncIterable<Buffer>,
  decoder: NodeJS.ReadWriteStream & Readable,
): AsyncGenerator<Buffer> {
  const seen = { bytes: 0 }
  const input = Readable.from(counted(source, seen))
  let failure: unknown = null
  input.once('error', (error) => {
    failure = error
    decoder.destroy(error)
  })
  input.pipe(decoder)
  let givenBytes = 0
  try {
    for await (const chunk of decoder) {
      givenBytes += (chunk as Buffer).length
      if (givenBytes > ratioFreeBytes && givenBytes > seen.bytes * ratioMax)
        throw faultProblem('protocol', new Error('the compressed reply grows without bound'))
      yield chunk as Buffer
    }
  } catch (error) {
    throw failure ?? (error instanceof Problem ? error : faultProblem('protocol', error))
  } finally {
    input.destroy()
    decoder.destroy()
  }
}

/**
 * The body without its compression (gzip, deflate, br, zstd), chunk by chunk and bounded in memory.
 * @throws Problem `upstream_error` (fault `protocol`) for any other or a second encoding.
 */
export const decompressed = (body: AsyncIterable<Buffer>, encoding: string): AsyncIterable<Buffer> => {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return body
  const decoder = Object.hasOwn(decoders, name) ? decoders[name] : undefined
  if (decoder === undefined)
    throw new Problem('upstream_error', {
      message: `The provider answered in the content-encoding "${name.slice(0, 40)}", which was not asked for.`,
      facts: { fault: 'protocol' },
    })
  return decoded(body, decoder())
}
