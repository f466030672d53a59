import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTls } from 'node:https'
import type { Socket } from 'node:net'
import { connect, createServer as createTcp } from 'node:net'
import { describe, test } from 'node:test'
import { createServer as createTlsSocketServer, TLSSocket } from 'node:tls'
import { Secret } from '#base/log.ts'
import { dialer } from './dial.ts'
import type { Lookup } from './egress.ts'
import { egressGuard } from './egress.ts'
import { say, startBench } from './test-bench.ts'
import { testCertificate } from './test-certificate.ts'
import { portOf, problemOf, requestTo, textOf, using, withHttp } from './test-upstream.ts'

const loopback: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]

const tlsServer = (certificate: ReturnType<typeof testCertificate>) =>
  createTls({ ...certificate }, (request, response) => response.end(`${request.httpVersion} ${request.headers.host}`))

describe('secure connections', () => {
  const certificate = testCertificate('models.example')
  const urlAt = (port: number, host = 'models.example') => new URL(`https://${host}:${port}/`)

  test('an authority of the operator is believed beside those of the system', async () => {
    const options = { lookup: loopback, certificateAuthorities: certificate.cert }
    await using(
      tlsServer(certificate),
      async ({ transport, port }) => {
        assert.equal(await textOf(await transport.send(requestTo(urlAt(port)))), `1.1 models.example:${port}`)
        const problem = await problemOf(transport.send(requestTo(urlAt(port, 'other.example'))))
        assert.equal(problem.detail.facts?.['fault'], 'tls')
      },
      options,
    )
  })

  test('an unknown authority is a fault of TLS; so is a server without TLS', async () => {
    await using(
      tlsServer(certificate),
      async ({ transport, port }) => {
        const problem = await problemOf(transport.send(requestTo(urlAt(port))))
        assert.equal(problem.code, 'upstream_error')
        assert.equal(problem.detail.facts?.['fault'], 'tls')
      },
      { lookup: loopback },
    )
    await withHttp(
      (_request, response) => response.end(),
      async ({ transport, port }) => {
        assert.equal((await problemOf(transport.send(requestTo(urlAt(port))))).detail.facts?.['fault'], 'tls')
      },
      { lookup: loopback },
    )
  })

  test('a handshake that is cut in its middle, or falls silent there, is a fault before anything was sent', async () => {
    const options = { lookup: loopback, certificateAuthorities: certificate.cert }
    await using(tlsServer(certificate), async ({ port: realPort }) => {
      for (const [cut, fault] of [
        ['reset', 'reset'],
        ['end', 'reset'],
        ['silence', 'connect'],
      ] as const) {
        const heard: Buffer[] = []
        // What the real server says first is its hello: of that the caller gets a few bytes, and then no more.
        const server = createTcp((socket) => {
          const onward = connect(realPort, '127.0.0.1')
          socket.on('data', (bytes: Buffer) => heard.push(bytes) === 1 && onward.write(bytes))
          socket.on('close', () => onward.destroy())
          onward.on('error', () => {})
          onward.once('data', (hello: Buffer) =>
            socket.write(hello.subarray(0, 40), () => {
              if (cut === 'reset') socket.resetAndDestroy()
              if (cut === 'end') socket.end()
            }),
          )
        })
        await using(
          server,
          async ({ transport, port }) => {
            const request = requestTo(urlAt(port), { connectTimeoutMs: cut === 'silence' ? 200 : 2_000 })
            const problem = await problemOf(transport.send(request))
            const { fault: found, deadline } = problem.detail.facts ?? {}
            assert.deepEqual([cut, found ?? deadline], [cut, fault])
            assert.equal(heard.length, 1, 'nothing followed the hello of the caller')
            assert.ok(!Buffer.concat(heard).includes('{"a":1}'))
          },
          options,
        )
      }
    })
  })

  test('the guard holds for secure connections too', async () => {
    await using(
      tlsServer(certificate),
      async ({ transport, port }) => {
        const problem = await problemOf(transport.send(requestTo(urlAt(port))))
        assert.equal(problem.detail.facts?.['fault'], 'refused_address')
      },
      { lookup: loopback, certificateAuthorities: certificate.cert, allowPrivate: false },
    )
  })

  test('our own server speaks TLS where it has a certificate', async () => {
    const bench = await startBench([{ method: 'GET', path: '/x', value: (exchange) => say(exchange, 'safe') }], {
      tls: certificate,
    })
    assert.match(bench.url, /^https:\/\/127\.0\.0\.1:\d+$/)
    await using(
      createServer(),
      async ({ transport }) => {
        const url = urlAt(bench.port)
        url.pathname = '/x'
        const reply = await transport.send(requestTo(url, { method: 'GET', body: { kind: 'none' } }))
        assert.equal(await textOf(reply), 'safe')
      },
      { lookup: loopback, certificateAuthorities: certificate.cert },
    )
    await bench.close()
  })
})

describe('through a proxy', () => {
  /** A proxy that opens every tunnel to one port of this machine, and tells what it was asked. */
  const withProxy = async (
    targetPort: number,
    use: (proxy: { readonly port: number; readonly asked: IncomingMessage[] }) => Promise<void>,
    status = 200,
  ) => {
    const asked: IncomingMessage[] = []
    const sockets = new Set<Socket>()
    const proxy = createServer((_request, response) => response.writeHead(405).end())
    proxy.on('connect', (request, socket) => {
      asked.push(request)
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\n\r\n`)
        return
      }
      const onward = connect(targetPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      sockets.add(onward)
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    try {
      await use({ port: portOf(proxy), asked })
    } finally {
      for (const socket of sockets) socket.destroy()
      proxy.closeAllConnections()
      proxy.close()
    }
  }

  const never: Lookup = () => assert.fail('names are resolved by the proxy')
  const proxyAt = (port: number, user = '') => new Secret(`http://${user}127.0.0.1:${port}`)

  test('names go to the proxy, with its credentials, and bytes through the tunnel', async () => {
    await withHttp(
      (request, response) => response.end(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`),
      async ({ port: targetPort }) => {
        await withProxy(targetPort, async ({ port, asked }) => {
          await using(
            createServer(),
            async ({ transport }) => {
              const reply = await transport.send(requestTo(new URL('http://models.example:8080/v1/x')))
              assert.equal(await textOf(reply), '/v1/x -', 'the upstream does not see what is for the proxy')
            },
            { proxy: proxyAt(port, 'us%40er:p%3Aw@'), lookup: never, allowPrivate: false },
          )
          assert.equal(asked[0]?.url, 'models.example:8080')
          const credential = asked[0]?.headers['proxy-authorization']
          assert.equal(credential, `Basic ${Buffer.from('us@er:p:w').toString('base64')}`)
        })
      },
    )
  })

  test('TLS is with the provider, through the tunnel', async () => {
    const certificate = testCertificate('models.example')
    await using(tlsServer(certificate), async ({ port: targetPort }) => {
      await withProxy(targetPort, async ({ port, asked }) => {
        const options = { proxy: proxyAt(port), lookup: never, certificateAuthorities: certificate.cert }
        await using(
          createServer(),
          async ({ transport }) => {
            const reply = await transport.send(requestTo(new URL('https://models.example/')))
            assert.equal(await textOf(reply), '1.1 models.example')
          },
          options,
        )
        assert.equal(asked[0]?.url, 'models.example:443')
        assert.equal(asked[0]?.headers['proxy-authorization'], undefined, 'nobody is named, and nobody is told')
      })
    })
  })

  test('private literals are refused all the same, and refusals of the proxy are told', async () => {
    await withProxy(
      1,
      async ({ port, asked }) => {
        await using(
          createServer(),
          async ({ transport }) => {
            const inside = await problemOf(transport.send(requestTo(new URL('http://169.254.169.254/'))))
            assert.equal(inside.detail.facts?.['fault'], 'refused_address')
            assert.equal(asked.length, 0)
            const problem = await problemOf(transport.send(requestTo(new URL('http://models.example/'))))
            assert.equal(problem.detail.facts?.['fault'], 'connect')
            assert.match(problem.message, /The proxy refused .*407/)
          },
          { proxy: proxyAt(port, 'user:secret@'), lookup: never, allowPrivate: false },
        )
      },
      407,
    )
    await using(
      createServer(),
      async ({ transport }) => {
        const problem = await problemOf(transport.send(requestTo(new URL('http://models.example/'))))
        assert.match(problem.message, /proxy of this provider cannot be reached/)
        assert.doesNotMatch(JSON.stringify([problem.message, problem.detail.facts]), /secret/)
      },
      { proxy: proxyAt(1, 'user:secret@'), lookup: never },
    )
  })
})

describe('what is dialled', () => {
  const never: Lookup = () => assert.fail('nothing is looked up')
  const faultOf = (
    proxy: string | null,
    target: { readonly protocol: string; readonly hostname: string; readonly port: string },
  ) => {
    const egress = egressGuard({ allowPrivate: false, lookup: never })
    const dial = dialer({
      egress,
      proxy: proxy === null ? null : new URL(proxy),
      certificateAuthorities: null,
      dialTimeoutMs: 5_000,
    })
    return new Promise<Error | null>((resolve) =>
      dial({ ...target, host: target.hostname } as never, (...[fault]) => resolve(fault)),
    )
  }

  test('the guard is asked where the socket is opened as well, of addresses of both kinds', async () => {
    for (const hostname of ['::1', '127.0.0.1', 'fd00::1'])
      assert.match(
        (await faultOf(null, { protocol: 'http:', hostname, port: '1' }))?.message ?? '',
        /is not a public address/,
      )
    assert.match(
      (await faultOf(null, { protocol: 'ftp:', hostname: 'a.example', port: '' }))?.message ?? '',
      /neither http nor https/,
    )
  })

  test('a proxy that names no port is at that of its scheme, and an https one must prove who it is', async () => {
    const target = { protocol: 'https:', hostname: 'models.example', port: '' }
    for (const [proxy, port] of [
      ['http://127.0.0.9', 80],
      ['https://127.0.0.9', 443],
    ] as const) {
      const fault = await faultOf(proxy, target)
      assert.equal(Object(fault?.cause).port, port)
    }
    await using(tlsServer(testCertificate('proxy.example')), async ({ port }) => {
      const fault = await faultOf(`https://127.0.0.1:${port}`, target)
      assert.match(String(Object(fault?.cause).code), /SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/)
    })
  })

  test('no more than 16 KiB and what comes at once are read ahead, and HTTP/1.1 is all that is offered', async () => {
    const certificate = testCertificate('models.example')
    const dial = dialer({
      egress: egressGuard({ allowPrivate: true, lookup: loopback }),
      proxy: null,
      certificateAuthorities: certificate.cert,
      dialTimeoutMs: 5_000,
    })
    const dialled = async (protocol: string, port: number): Promise<Socket> =>
      new Promise((resolve, reject) =>
        dial(
          { protocol, hostname: 'models.example', host: 'models.example', port: String(port) } as never,
          (...[fault, socket]) => (socket === null ? reject(fault) : resolve(socket as Socket)),
        ),
      )
    const tcp = createTcp().listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const plain = await dialled('http:', portOf(tcp))
    assert.deepEqual([plain.readableHighWaterMark, plain instanceof TLSSocket], [16_384, false])
    plain.destroy()
    tcp.close()
    const both = createTlsSocketServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }).listen(0, '127.0.0.1')
    await once(both, 'listening')
    const safe = await dialled('https:', portOf(both))
    assert.ok(safe instanceof TLSSocket)
    assert.deepEqual([safe.readableHighWaterMark, safe.alpnProtocol], [16_384, 'http/1.1'])
    safe.destroy()
    both.close()
  })
})
