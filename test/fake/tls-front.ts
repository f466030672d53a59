/** A proxy that ends TLS in front of a relay, as a person puts one there: whoever must be reached over https is. */

import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { testCertificate } from '#http/test-certificate.ts'

export type TlsFront = {
  /** `https://localhost:PORT`; its certificate is signed by itself. */
  readonly url: string
  readonly close: () => Promise<void>
}

/** Passes every connection on to a port of this machine, which may begin to listen later. */
export async function startTlsFront(targetPort: number): Promise<TlsFront> {
  const sockets = new Set<Socket>()
  const server = createServer(testCertificate('localhost'), (socket) => {
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
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
