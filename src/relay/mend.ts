/** A reply that is repaired before anybody reads it, by the shims of its provider. */

import type { ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import type { Mender } from '#provider/reply-shim.ts'
import { replyMender } from '#provider/reply-shim.ts'
import type { WireShim } from '#provider/wire-shim.ts'
import type { ReplyFace } from './reply-face.ts'

const mendedReader = (reader: ReplyReader, mender: Mender): ReplyReader => ({
  form: reader.form,
  read: (bytes) => mender.feed(bytes).flatMap((piece) => reader.read(piece)),
  end: () => [...mender.end().flatMap((piece) => reader.read(piece)), ...reader.end()],
  complete: () => reader.complete(),
})

const isStream = ({ headers }: ReplyHead): boolean =>
  String(headers['content-type'] ?? '').includes('text/event-stream')

/** The face with its repairs; the names of those that were needed go to `told`, once each. */
export const mendedFace = (face: ReplyFace, shims: readonly WireShim[], told: string[]): ReplyFace => {
  if (shims.length === 0) return face
  const tell = (shim: string): void => {
    if (!told.includes(`reply:${shim}`)) told.push(`reply:${shim}`)
  }
  return {
    ...face,
    read: (reply) => {
      const mender = replyMender(shims, isStream(reply), tell)
      return mender === null ? face.read(reply) : mendedReader(face.read(reply), mender)
    },
  }
}

/** The face, of whose replies it is told what they lack and is not repaired: clients that go by the letter will meet it. */
export const watchedFace = (
  face: ReplyFace,
  { shims, tell }: { readonly shims: readonly WireShim[]; readonly tell: (shim: WireShim) => void },
): ReplyFace => ({
  ...face,
  read: (reply) => {
    const watcher = replyMender(shims, isStream(reply), tell)
    const reader = face.read(reply)
    if (watcher === null) return reader
    return {
      form: reader.form,
      complete: () => reader.complete(),
      read: (bytes) => {
        watcher.feed(bytes)
        return reader.read(bytes)
      },
      end: () => {
        watcher.end()
        return reader.end()
      },
    }
  },
})
