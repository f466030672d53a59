// Holds the Helm chart against Helm and Kubernetes themselves: `bin/drover-node tools/chart.ts`. Lints it, renders it with several sets of
// values, and holds what comes out against the schemas of several versions of Kubernetes. Needs Go or helm, and Python; what it installs lies
// in a temporary folder that goes with it.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const chart = join(import.meta.dirname, '..', 'deploy', 'helm', 'drover')
const helmModule = 'helm.sh/helm/v3/cmd/helm@v3.16.4'
const validator = 'kubernetes-validate==1.37.0'
const versions = ['1.27', '1.30', '1.37']

const everything = {
  ingress: { enabled: true, tlsSecret: 'certificate' },
  autoscaling: { enabled: true },
  networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }] },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  persistence: { storageClass: 'fast' },
  image: { digest: `sha256:${'a'.repeat(64)}`, pullSecrets: ['registry'] },
  service: { annotations: { a: 'b' } },
  priorityClassName: 'high',
  tolerations: [{ key: 'a', operator: 'Exists' }],
  nodeSelector: { disk: 'fast' },
  podAnnotations: { a: 'b' },
  podLabels: { team: 'platform' },
  flags: ['--workers=1'],
}
/** Sets of values, and what the chart says of those that cannot be. */
const sets: Readonly<Record<string, { readonly values: object; readonly refusal?: RegExp }>> = {
  'as it comes': { values: {} },
  'everything on': { values: everything },
  'one node': { values: { replicas: 1, config: { store: null, secrets: null, cluster: null } } },
  'several nodes without a store': { values: { config: { store: null } }, refusal: /needs config\.store\.url/ },
  'a drain that the pod is not given': {
    values: { config: { server: { drain_delay: '3m' } } },
    refusal: /drain_delay is set by the values under drain/,
  },
  'a value of no name': { values: { replica: 3 }, refusal: /replica/ },
  'a wrong digest': { values: { image: { digest: 'sha256:x' } }, refusal: /digest/ },
}

const has = async (command: string): Promise<boolean> =>
  run('sh', ['-c', `command -v ${command}`]).then(
    () => true,
    () => false,
  )

/** The helm that is installed, else one built from its sources. */
const helmIn = async (folder: string): Promise<string> => {
  if (await has('helm')) return 'helm'
  assert.ok(await has('go'), 'neither helm nor Go is installed: install one of them')
  execFileSync('go', ['install', helmModule], { env: { ...process.env, GOBIN: folder }, stdio: 'inherit' })
  return join(folder, 'helm')
}

const validatorIn = (folder: string): string => {
  const venv = join(folder, 'venv')
  execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
  execFileSync(join(venv, 'bin', 'pip'), ['install', '--quiet', validator], { stdio: 'inherit' })
  return join(venv, 'bin', 'kubernetes-validate')
}

const folder = mkdtempSync(join(tmpdir(), 'drover-chart-'))
try {
  const helm = await helmIn(folder)
  const validate = validatorIn(folder)
  const linted = await run(helm, ['lint', '--strict', chart])
  console.log(linted.stdout.trim())
  for (const [name, { values, refusal }] of Object.entries(sets)) {
    const [valuesFile, made] = [join(folder, 'values.json'), join(folder, 'made.yaml')]
    writeFileSync(valuesFile, JSON.stringify(values))
    const render = run(helm, ['template', 'relay', chart, '--kube-version', '1.30', '--values', valuesFile])
    if (refusal !== undefined) {
      await assert.rejects(render, refusal)
      console.log(`${name}: refused`)
      continue
    }
    writeFileSync(made, (await render).stdout)
    for (const version of versions) {
      const { stdout, stderr } = await run(validate, ['--kubernetes-version', version, '--strict', made])
      const passed = `${stdout}${stderr}`.match(/^INFO .* passed/gm)?.length ?? 0
      assert.ok(passed >= 5, `${stdout}${stderr}`)
      console.log(`${name}: ${passed} objects are valid for Kubernetes ${version}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
