import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDesk } from './test-desk.ts'

const acme = { account: 'acme' }

test('keys belong to a project and a person, and end with either', async (context) => {
  const { run, told } = await openDesk(context)
  const search = await run('projects create', { ...acme, name: 'search' })
  const ana = await run('members add', { ...acme, mail: 'Ana@Example.com', role: 'owner' })
  assert.deepEqual([ana['mail'], ana['role']], ['ana@example.com', 'owner'])
  const first = await run('keys create', { ...acme, name: 'one', project: 'search', member: 'ana@example.com' })
  assert.deepEqual([first['project'], first['member']], [search['id'], ana['id']])
  const second = await run('keys create', { ...acme, name: 'two', member: String(ana['id']) })
  assert.match(String(second['project']), /^prj_/)
  const archived = await run('projects archive', { ...acme, project: 'search' })
  assert.deepEqual([archived['state'], archived['revoked_keys']], ['archived', [first['id']]])
  assert.deepEqual(told.at(-1)?.id, first['id'])
  assert.ok(told.at(-1)?.revokedMs)
  await assert.rejects(run('keys create', { ...acme, name: 'three', project: 'search' }), { code: 'conflict' })
  await assert.rejects(run('members remove', { ...acme, member: 'ana@example.com' }), { code: 'conflict' })
  await run('members add', { ...acme, mail: 'bo@example.com', role: 'owner' })
  const gone = await run('members remove', { ...acme, member: 'ana@example.com' })
  assert.deepEqual(gone['revoked_keys'], [second['id']])
  await assert.rejects(run('keys create', { ...acme, name: 'four', member: 'ana@example.com' }), { code: 'not_found' })
})

test('an organisation without its project `default` has keys without a project', async (context) => {
  const { run } = await openDesk(context)
  await run('projects rename', { ...acme, project: 'default', name: 'main' })
  assert.equal((await run('keys create', { ...acme, name: 'one' }))['project'], null)
  await assert.rejects(run('keys create', { ...acme, name: 'two', project: 'search' }), {
    code: 'not_found',
    message: /no project 'search'/,
  })
})

test('projects and members of another organisation are unknown here; lists show all or one', async (context) => {
  const { run } = await openDesk(context)
  await run('accounts create', { name: 'other', billing: 'prepaid' })
  const made = await run('projects create', { ...acme, name: 'search' })
  await run('members add', { ...acme, mail: 'ana@example.com' })
  for (const [command, input] of [
    ['projects rename', { project: made['id'], name: 'mine' }],
    ['projects archive', { project: 'search' }],
    ['members role', { member: 'ana@example.com', role: 'owner' }],
  ] as const)
    await assert.rejects(run(command, { account: 'other', ...input }), { code: 'not_found' })
  const names = async (input: object) =>
    ((await run('projects list', input))['data'] as { name: string }[]).map(({ name }) => name).sort()
  assert.deepEqual(await names(acme), ['default', 'search'])
  assert.deepEqual(await names({}), ['default', 'default', 'search'])
  assert.equal(((await run('members list', { account: 'other' }))['data'] as unknown[]).length, 0)
  assert.equal(((await run('organisations list'))['data'] as unknown[]).length, 2)
  await assert.rejects(run('members add', { ...acme, mail: 'nobody' }), {
    message: /'mail' must be a mail address/,
  })
})

test('regions of a key only ever narrow those of its project; how long answers are kept is on the key', async (context) => {
  const { run } = await openDesk(context)
  const european = { ...acme, project: 'european' }
  const project = await run('projects create', { ...acme, name: 'european', regions: ['eu'] })
  assert.deepEqual(project['regions'], ['eu'])
  assert.deepEqual((await run('keys create', { ...european, name: 'a' }))['regions'], ['eu'])
  const narrow = await run('keys create', { ...european, name: 'b', regions: ['eu-west', 'us'], cache: '5m' })
  assert.deepEqual([narrow['regions'], narrow['cache_seconds']], [['eu-west'], 300])
  await assert.rejects(run('keys create', { ...european, name: 'c', regions: ['us'] }), {
    code: 'invalid_request_error',
    message: /outside those of its project \(eu\)/,
  })
  const free = await run('keys create', { ...acme, name: 'd' })
  assert.deepEqual([free['regions'], free['cache_seconds']], [null, null])
})
