// Bundles the console into the folder that is named: one chunk to begin with, one for each page, names with a hash in them.
// `bundle.ts serve` serves it from its sources instead, with a relay (DROVER_URL) behind it, while one works on it.
import { build, createServer } from 'vite'

const relay = process.env['DROVER_URL'] ?? 'http://127.0.0.1:4000'
const [what = 'dist'] = process.argv.slice(2)
const base = { root: import.meta.dirname, configFile: false, logLevel: 'warn' } as const

if (what === 'serve') {
  const server = await createServer({ ...base, logLevel: 'info', server: { proxy: { '/api': relay, '/v1': relay } } })
  await server.listen()
  server.printUrls()
} else {
  await build({
    ...base,
    build: {
      outDir: what,
      emptyOutDir: true,
      target: ['es2023', 'chrome115', 'firefox120', 'safari17'],
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      manifest: true,
      reportCompressedSize: false,
    },
  })
}
