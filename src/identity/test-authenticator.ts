/** A passkey in software, for tests: ES256, no attestation (WebAuthn 3, 6.1 and 8.7), which counts its uses. */

import { Buffer } from 'node:buffer'
import { createHash, createSign, generateKeyPairSync } from 'node:crypto'

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest()
const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')

/** CBOR (RFC 8949, 3): heads up to 65,535. */
const head = (kind: number, size: number): Buffer => {
  if (size < 24) return Buffer.from([(kind << 5) | size])
  return size < 256 ? Buffer.from([(kind << 5) | 24, size]) : Buffer.from([(kind << 5) | 25, size >> 8, size & 255])
}
const bytesOf = (bytes: Uint8Array): Buffer => Buffer.concat([head(2, bytes.length), bytes])
const textOf = (text: string): Buffer => Buffer.concat([head(3, text.length), Buffer.from(text)])
const numberOf = (value: number): Buffer => (value >= 0 ? head(0, value) : head(1, -1 - value))

const flags = { present: 1, verified: 4, attested: 64 }

export type Answering = {
  readonly origin: string
  readonly challenge: string
  /** Where the browser thinks that it is. */
  readonly site: string
  /** Whether finger or code were asked for. */
  readonly verified?: boolean
}

export const makeAuthenticator = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = sha256(x).subarray(0, 16)
  let counter = 0
  let handle = ''

  const coseKey = Buffer.concat([
    head(5, 5),
    numberOf(1),
    numberOf(2),
    numberOf(3),
    numberOf(-7),
    numberOf(-1),
    numberOf(1),
    numberOf(-2),
    bytesOf(Buffer.from(x, 'base64url')),
    numberOf(-3),
    bytesOf(Buffer.from(y, 'base64url')),
  ])

  const authenticatorData = ({ site, verified = true }: Answering, attested: Uint8Array | null): Buffer => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(counter)
    const set = flags.present | (verified ? flags.verified : 0) | (attested === null ? 0 : flags.attested)
    return Buffer.concat([sha256(site), Buffer.from([set]), size, attested ?? Buffer.alloc(0)])
  }

  const clientData = (type: string, { origin, challenge }: Answering): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))

  return {
    /** Sets the counter back, as a copy of the device would. */
    goBack: (): void => {
      counter = 0
    },
    make: (answering: Answering, user: string) => {
      handle = user
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey])
      const data = authenticatorData(answering, attested)
      const object = Buffer.concat([
        head(5, 3),
        textOf('fmt'),
        textOf('none'),
        textOf('attStmt'),
        head(5, 0),
        textOf('authData'),
        bytesOf(data),
      ])
      return {
        id: base64url(id),
        rawId: base64url(id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(clientData('webauthn.create', answering)),
          attestationObject: base64url(object),
          transports: ['internal'],
        },
      }
    },
    use: (answering: Answering) => {
      counter += 1
      const data = authenticatorData(answering, null)
      const client = clientData('webauthn.get', answering)
      const signature = createSign('sha256')
        .update(Buffer.concat([data, sha256(client)]))
        .sign(privateKey)
      return {
        id: base64url(id),
        rawId: base64url(id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(signature),
          userHandle: handle,
        },
      }
    },
  }
}
