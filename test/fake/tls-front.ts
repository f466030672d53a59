/** A proxy that ends TLS in front of a relay, as a person puts one there: whoever must be reached over https is. */

import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { testCertificate } from '#http/test-certificate.ts'

export type TlsFront = {
  /** `https://localhost:PORT`; its certificate is signed by itself. */
  readonly url: string
  /** SHA-256 of its public key, in base64: a browser that trusts it keeps what it has read. */
  readonly publicKeyHash: string
  readonly close: () => Promise<void>
}

const hashOf = (certificate: string): string => {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** Passes every connection on to a port of this machine, which may begin to listen later. */
export async function startTlsFront(targetPort: number): Promise<TlsFront> {
  const sockets = new Set<Socket>()
  const certificate = testCertificate('localhost')
  const server = createServer(certificate, (socket) => {
    const onward = connect(targetPort, '127.0.0.1')
    for (const one of [socket, onward]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        sockets.delete(one)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.pipe(onward).pipe(socket)
  })
  // A browser that does not like the certificate hangs up.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    publicKeyHash: hashOf(certificate.cert),
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
