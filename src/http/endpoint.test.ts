import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { endpointTable } from './endpoint.ts'

const table = endpointTable([
  { method: 'POST', path: '/v1/chat/completions', value: 'chat' },
  { method: 'GET', path: '/v1/models', value: 'models' },
  { method: 'GET', path: '/v1/models/{id+}', value: 'model' },
  { method: 'GET', path: '/v1/files/{id}', value: 'file' },
  { method: 'DELETE', path: '/v1/files/{id}', value: 'file-delete' },
  { method: 'GET', path: '/v1/files/{id}/content', value: 'file-content' },
  { method: 'GET', path: '/v1/files/own', value: 'own' },
  { method: 'POST', path: '/v1beta/models/{model+}:generateContent', value: 'generate' },
  { method: 'POST', path: '/v1/messages', value: 'messages' },
  { method: 'POST', path: '/anthropic/v1/messages', value: 'messages' },
  { method: 'GET', path: '/internal/secret-page', value: 'page', unlisted: true },
  { method: 'GET', path: '/', value: 'root' },
])

const refusal = (method: string, path: string): Problem => {
  try {
    table.match(method, path)
  } catch (problem) {
    assert.ok(problem instanceof Problem)
    return problem
  }
  return assert.fail(`${path} matched`)
}

const found = (method: string, path: string) => {
  const { value, parameters } = table.match(method, path)
  return [value, { ...parameters }]
}

test('a path leads to its value and parameters', () => {
  assert.deepEqual(found('POST', '/v1/chat/completions'), ['chat', {}])
  assert.deepEqual(found('GET', '/v1/files/f-1'), ['file', { id: 'f-1' }])
  assert.deepEqual(found('DELETE', '/v1/files/f-1'), ['file-delete', { id: 'f-1' }])
  assert.deepEqual(found('GET', '/v1/files/f-1/content'), ['file-content', { id: 'f-1' }])
  assert.deepEqual(found('GET', '/v1/files/own'), ['own', {}])
  assert.deepEqual(found('GET', '/'), ['root', {}])
})

test('a name marked so takes several segments, values are decoded once', () => {
  assert.deepEqual(found('GET', '/v1/models/moonshotai/kimi-k2'), ['model', { id: 'moonshotai/kimi-k2' }])
  assert.deepEqual(found('GET', '/v1/models/moonshotai%2Fkimi-k2'), ['model', { id: 'moonshotai/kimi-k2' }])
  assert.deepEqual(found('GET', '/v1/models/a%252Fb'), ['model', { id: 'a%2Fb' }])
  assert.deepEqual(found('POST', '/v1beta/models/tuned/x:generateContent'), ['generate', { model: 'tuned/x' }])
  assert.equal(refusal('GET', '/v1/files/a/b').code, 'not_found')
  assert.equal(refusal('GET', '/v1/models/%ff').code, 'invalid_request_error')
})

test('HEAD goes where GET does', () => {
  assert.deepEqual(found('HEAD', '/v1/models'), ['models', {}])
  assert.equal(refusal('HEAD', '/v1/chat/completions').code, 'method_not_allowed')
})

test('slips in the path are forgiven', () => {
  const paths = [
    '/v1/v1/chat/completions',
    '/chat/completions',
    '/v1/chat/completions/',
    '/v1//chat//completions',
    '//v1/chat/completions//',
    '/v1/v1/chat/completions/',
  ]
  for (const path of paths) {
    const match = table.match('POST', path)
    assert.equal(match.value, 'chat', path)
    assert.equal(match.path, '/v1/chat/completions')
  }
  assert.deepEqual(found('GET', '/models/'), ['models', {}])
  assert.deepEqual(found('GET', '/models/kimi-k2'), ['model', { id: 'kimi-k2' }])
  assert.deepEqual(found('POST', '/anthropic/v1/v1/messages'), ['messages', {}])
  assert.deepEqual(found('POST', '/v1/v1beta/models/x:generateContent')[0], 'generate')
})

test('what only looks like a path is not one', () => {
  const paths = [
    '/v1/../v1/models',
    '/v1/%6dodels',
    '/V1/models',
    '/v1/models.json',
    '/v1/chat%2Fcompletions',
    '/v2/models',
    '/v1/chat/completions;x',
    '',
  ]
  for (const path of paths) assert.equal(refusal('GET', path).code, 'not_found', path)
})

test('another method is told which there are', () => {
  const problem = refusal('PUT', '/v1/files/x')
  assert.equal(problem.code, 'method_not_allowed')
  assert.equal(problem.detail.headers?.['allow'], 'DELETE, GET, HEAD, OPTIONS')
  assert.deepEqual(table.methodsOf('/v1/chat/completions'), ['OPTIONS', 'POST'])
  assert.equal(table.methodsOf('/v1/nothing'), null)
})

test('the root is no other path, and a hint is looked for up to 128 characters', () => {
  const long = `/v1/${'a'.repeat(122)}`
  const own = endpointTable([
    { method: 'GET', path: '/v1', value: 'version' },
    { method: 'GET', path: long, value: 'long' },
  ])
  const told = (path: string): string => {
    try {
      own.match('GET', path)
    } catch (problem) {
      return String(problem instanceof Problem && problem.message)
    }
    return assert.fail(`${path} matched`)
  }
  assert.equal(own.match('GET', '/v1/').value, 'version')
  told('/')
  assert.ok(told(`/y${long}`).endsWith(`Did you mean ${long}?`))
  assert.doesNotMatch(told(`/yy${long}`), /Did you mean/)
})

test('an unknown path gets the nearest one, never an unlisted one', () => {
  assert.match(refusal('POST', '/v1/chat/completion').message, /Did you mean \/v1\/chat\/completions\?/)
  assert.match(refusal('POST', '/openai/deployments/x/chat/completions').message, /\/v1\/chat\/completions/)
  assert.match(refusal('POST', '/v1/mesages').message, /\/v1\/messages/)
  assert.doesNotMatch(refusal('GET', '/nothing/like/it').message, /Did you mean/)
  assert.doesNotMatch(refusal('GET', '/internal/secret-pages').message, /Did you mean/)
  const long = refusal('GET', `/${'\u0000x'.repeat(5000)}`)
  assert.ok(long.message.length < 300)
})

test('a page that a browser asks for and nothing else has is one endpoint', () => {
  const withPages = endpointTable([
    { method: 'GET', path: '/', value: 'console', pagesExcept: ['/v1', '/api'] },
    { method: 'GET', path: '/v1/models', value: 'models' },
    { method: 'GET', path: '/pricing', value: 'pricing' },
  ])
  const pageAt = (path: string): string => withPages.match('GET', path, true).value
  assert.equal(pageAt('/'), 'console')
  assert.equal(pageAt('/keys'), 'console')
  assert.equal(pageAt('/requests/call_1'), 'console')
  assert.equal(pageAt('/models'), 'console')
  assert.equal(pageAt('/v1x'), 'console')
  assert.equal(pageAt('/pricing'), 'pricing')
  assert.equal(withPages.match('GET', '/models').value, 'models')
  for (const path of ['/api', '/api/v2/keys', '/v1/nothing'])
    assert.throws(() => withPages.match('GET', path, true), Problem, path)
  assert.throws(() => withPages.match('GET', '/keys'), Problem)
})

test('a page gives way to an endpoint with names in its path, and a table without pages has none', () => {
  const files = endpointTable([
    { method: 'GET', path: '/', value: 'console', pagesExcept: [] },
    { method: 'GET', path: '/files/{id}', value: 'file' },
  ])
  assert.equal(files.match('GET', '/files/one', true).value, 'file')
  assert.equal(files.match('GET', '/files', true).value, 'console')
  assert.throws(() => table.match('GET', '/keys', true), Problem)
})

test('hostile paths take no time', () => {
  for (const path of [
    `/v1beta/models/${':generateConten'.repeat(1000)}`,
    '/'.repeat(16_000),
    `/v1${'/v1'.repeat(5000)}`,
  ])
    assert.throws(() => table.match('POST', path), Problem)
})

test('a refusal says what was asked for, as far as it is short, and only of what is short what was meant', () => {
  const { message } = refusal('GET', '/nothing/like/it')
  assert.equal(
    message,
    'There is nothing at /nothing/like/it. Models are called under /v1, as at /v1/chat/completions.',
  )
  assert.match(refusal('ABCDEFGHIJKLMNOPQ', '/v1/models').message, /does not take ABCDEFGHIJKLMNOP; it takes/)
  assert.match(refusal('PUT', '/v1/models').message, /^\/v1\/models does not take PUT; it takes GET, HEAD, OPTIONS\.$/)
  const long = refusal('GET', `${'/x'.repeat(60)}/chat/completions`)
  assert.doesNotMatch(long.message, /Did you mean/)
  assert.match(refusal('GET', `${'/x'.repeat(50)}/chat/completions`).message, /Did you mean \/v1\/chat\/completions/)
})
