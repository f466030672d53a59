import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { soundSeconds } from './length.ts'

/** Read in pieces of so many bytes. */
const secondsOf = (bytes: Buffer, pieceBytes = 7): Promise<number | null> => {
  async function* open(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  return soundSeconds({ sizeBytes: bytes.length, open })
}

const written = (length: number, write: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.alloc(length)
  write(bytes)
  return bytes
}

const chunk = (name: string, body: Buffer, length = body.length): Buffer => {
  const head = written(8, (bytes) => {
    bytes.write(name, 0, 'latin1')
    bytes.writeUInt32LE(length, 4)
  })
  return Buffer.concat([head, body])
}

const wave = (dataBytes: number, statedBytes = dataBytes): Buffer => {
  const format = written(16, (bytes) => {
    bytes.writeUInt16LE(1, 0)
    bytes.writeUInt32LE(8_000, 4)
    // What is said of bytes per second is nothing that a player goes by.
    bytes.writeUInt32LE(1_000_000, 8)
    bytes.writeUInt16LE(2, 12)
  })
  const chunks = [
    chunk('fmt ', format),
    chunk('LIST', Buffer.alloc(4)),
    chunk('data', Buffer.alloc(dataBytes), statedBytes),
  ]
  return Buffer.concat([Buffer.from('RIFF....WAVE'), ...chunks])
}

test('WAV plays as long as there are samples, whatever else its head says', async () => {
  assert.equal(await secondsOf(wave(40_000), 1_000), 2.5)
  assert.equal(await secondsOf(wave(40_000, 8_000), 1_000), 0.5)
  assert.equal(await secondsOf(wave(40_000, 0xffff_ffff), 1_000), 2.5, 'a recorder that did not come to write it')
  assert.equal(await secondsOf(wave(40_000, 0), 1_000), 2.5)
  assert.equal(await secondsOf(wave(40_000).subarray(0, 30)), null)
})

const flac = (samples: bigint): Buffer =>
  written(20_000, (bytes) => {
    bytes.write('fLaC', 0, 'latin1')
    bytes.writeBigUInt64BE((16_000n << 44n) | samples, 18)
  })

test('FLAC says how many samples there are, behind a title too', async () => {
  assert.equal(await secondsOf(flac(64_000n)), 4)
  assert.equal(await secondsOf(flac(0n)), null, 'its writer did not know')
  const title = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\x02', 'latin1'), Buffer.alloc(130)])
  assert.equal(await secondsOf(Buffer.concat([title, flac(64_000n)])), 4)
})

/** MPEG 1, layer III, 128 kbit/s at 44.1 kHz; with and without padding. */
const mpegFrame = (padding: number): Buffer =>
  written(417 + padding, (bytes) => bytes.writeUInt32BE(0xfffb_9000 + padding * 0x200, 0))

test('MP3 plays as long as its frames do', async () => {
  const frames = Array.from({ length: 100 }, (_, at) => mpegFrame(at % 2))
  const seconds = (100 * 1_152) / 44_100
  const near = async (bytes: Buffer, expected: number): Promise<void> =>
    assert.ok(Math.abs(((await secondsOf(bytes, 900)) ?? 0) - expected) < 1e-9)
  await near(Buffer.concat(frames), seconds)
  await near(Buffer.concat([...frames, Buffer.from('TAG'), Buffer.alloc(125)]), seconds)
  assert.equal(
    await secondsOf(Buffer.concat([...frames, Buffer.alloc(40_000)]), 900),
    null,
    'nobody knows what the rest is',
  )
  const slow = Array.from({ length: 50 }, () => written(208, (bytes) => bytes.writeUInt32BE(0xfff3_8000, 0)))
  await near(Buffer.concat(slow), (50 * 576) / 22_050)
})

const page = (granule: bigint, body: Buffer, serial = 7): Buffer => {
  const lengths = [...Array.from({ length: Math.floor(body.length / 255) }, () => 255), body.length % 255]
  const head = written(27, (bytes) => {
    bytes.write('OggS', 0, 'latin1')
    bytes.writeBigUInt64LE(granule, 6)
    bytes.writeUInt32LE(serial, 14)
    bytes.writeUInt8(lengths.length, 26)
  })
  return Buffer.concat([head, Buffer.from(lengths), body])
}

const opusHead = written(19, (bytes) => {
  bytes.write('OpusHead', 0, 'latin1')
  bytes.writeUInt16LE(312, 10)
})
const vorbisHead = written(30, (bytes) => {
  bytes.write('\x01vorbis', 0, 'latin1')
  bytes.writeUInt32LE(44_100, 12)
})

test('Ogg plays to where its last page says, from where its first one begins', async () => {
  const body = Buffer.alloc(9_000)
  const opus = [page(0n, opusHead), page(0n, body), page(48_000n, body), page(0xffff_ffff_ffff_ffffn, body)]
  assert.equal(await secondsOf(Buffer.concat([...opus, page(99_999_999n, body, 8), page(96_312n, body)]), 500), 2)
  assert.equal(await secondsOf(Buffer.concat([page(0n, vorbisHead), page(44_100n, body)]), 500), 1)
  const middle = [page(0n, opusHead), page(48_000_000n, body), page(48_240_000n, body)]
  assert.equal(await secondsOf(Buffer.concat(middle), 500), 5, 'a recording of a stream begins late')
  assert.equal(await secondsOf(Buffer.concat([page(0n, Buffer.alloc(30)), page(9n, body)])), null)
})

const box = (name: string, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = written(8, (bytes) => {
    bytes.writeUInt32BE(8 + body.length, 0)
    bytes.write(name, 4, 'latin1')
  })
  return Buffer.concat([head, body])
}

const longBox = (name: string, body: Buffer): Buffer => {
  const head = written(16, (bytes) => {
    bytes.writeUInt32BE(1, 0)
    bytes.write(name, 4, 'latin1')
    bytes.writeBigUInt64BE(BigInt(16 + body.length), 8)
  })
  return Buffer.concat([head, body])
}

const movieHead = (units: number): Buffer =>
  box(
    'mvhd',
    written(100, (bytes) => {
      bytes.writeUInt32BE(600, 12)
      bytes.writeUInt32BE(units, 16)
    }),
  )
const longMovieHead = box(
  'mvhd',
  written(112, (bytes) => {
    bytes.writeUInt8(1, 0)
    bytes.writeUInt32BE(600, 20)
    bytes.writeBigUInt64BE(1_800n, 24)
  }),
)

test('MP4 says it in its movie, which comes first or last', async () => {
  const type = box('ftyp', Buffer.from('M4A '))
  const media = Buffer.alloc(20_000)
  assert.equal(await secondsOf(Buffer.concat([type, box('moov', movieHead(1_500)), box('mdat', media)])), 2.5)
  assert.equal(await secondsOf(Buffer.concat([type, longBox('mdat', media), box('moov', longMovieHead)]), 900), 3)
  for (const unknown of [0, 0xffff_ffff])
    assert.equal(await secondsOf(Buffer.concat([type, box('moov', movieHead(unknown)), box('mdat', media)])), null)
})

test('what is no sound, is cut, or says what cannot be, has no length', async () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.alloc(5_000),
    Buffer.from('\x1aE\xdf\xa3webm', 'latin1'),
  ])
    assert.equal(await secondsOf(bytes), null)
  assert.equal(await secondsOf(flac(16_000n * 3_600n)), null, 'an hour in 20 KB')
  const type = box('ftyp', Buffer.from('M4A '))
  const short = Buffer.concat([type, box('moov', movieHead(1)), box('mdat', Buffer.alloc(60_000))])
  assert.equal(await secondsOf(short, 9_000), null, 'no sound takes so much room')
})
