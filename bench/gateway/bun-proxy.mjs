/** A proxy of Bun's own server and fetch, and nothing else: what Bun itself costs. Prints its port. Only Bun can run it: it has no undici but a shell of it. */

const upstream = process.argv[2]
const secondsMax = 0

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: secondsMax,
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url)
    const body = await request.arrayBuffer()
    return fetch(`${upstream}${pathname}${search}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  },
})
console.log(server.port)
