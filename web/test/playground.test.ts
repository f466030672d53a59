/** Models side by side: streamed, with tools, pictures, a schema, what it costs before and after, and as code. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { texts as playground } from '../pages/playground/texts.ts'
import { settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asCustomer, asOperator, assertWell, button, open } from './visits.ts'

const view = viewOf('zh-CN light 1440')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

/** One white point. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

describe('playground', () => {
  test('models answer one message from the sandbox side by side, four at most; who is taken away takes its answer along', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/playground?models=kimi-k2,gpt-4.1')
    await page.getByLabel(say(playground.message)).fill('side by side')
    await page.getByLabel(say(playground.message)).press('Control+Enter')
    const lane = (model: string) => page.getByRole('region', { name: say(playground.answer, { model }) })
    await lane('kimi-k2').getByText('side by side').waitFor()
    await lane('gpt-4.1').getByText('side by side').waitFor()
    await button(page, say(playground.remove, { model: 'kimi-k2' })).click()
    await lane('kimi-k2').waitFor({ state: 'detached' })
    assert.equal(
      await lane('gpt-4.1').getByText('side by side').count(),
      0,
      'no lane shows what stood in its place before',
    )
    for (let more = 0; more < 3; more += 1) await button(page, say(playground.addModel)).click()
    assert.equal(await page.locator('.lane').count(), 4)
    await button(page, say(playground.addModel)).waitFor({ state: 'detached' })
    await assertWell(visit)
  })

  test('a live call says what it costs at most before and what it has cost after; its story is a click away', async () => {
    const visit = await asCustomer(hall, view)
    const { page, say } = visit
    await open(visit, '/playground?models=kimi-k2')
    await page.getByLabel(say(playground.message)).fill('what is it worth?')
    await page.getByLabel(say(playground.with)).selectOption('live')
    const most = say(playground.atMost, { amount: '' })
    await page.locator('.lane').getByText(most).waitFor()
    await button(page, say(playground.send)).click()
    await page
      .locator('.lane')
      .getByText(say(playground.cost, { amount: '$0.000111' }))
      .waitFor()
    await page.getByRole('link', { name: say(playground.request) }).click()
    await page.waitForURL(/\/requests\?call=/)
    await settled(page)
    await page.getByRole('dialog').getByText('$0.000111').first().waitFor()
    await assertWell(visit)
  })

  test('a model calls a tool that it was given, and the call is there as code', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/playground?models=kimi-k2')
    await page.getByLabel(say(playground.message)).fill('use the tool')
    await page.locator('summary', { hasText: say(playground.tools) }).click()
    await button(page, say(playground.example)).first().click()
    await button(page, say(playground.send)).click()
    await page.getByText(say(playground.calls, { name: 'weather' })).waitFor()
    await button(page, say(playground.code)).click()
    await page.getByRole('tab', { name: 'Python' }).click()
    await page.getByText('"name": "weather"').waitFor()
    await assertWell(visit)
  })

  test('a picture and a JSON schema go with the message, and what is no schema is said', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/playground?models=kimi-k2')
    await page.getByLabel(say(playground.message)).fill('what is on it?')
    await page.locator('summary', { hasText: say(playground.schema) }).click()
    const schema = page.getByLabel(say(playground.schema), { exact: true })
    await schema.fill('[1]')
    await page.getByRole('alert').waitFor()
    assert.equal(await button(page, say(playground.send)).isDisabled(), true)
    await schema.fill('')
    await button(page, say(playground.example)).last().click()
    await page.locator('summary', { hasText: say(playground.images) }).click()
    const buffer = picture
    await page.getByLabel(say(playground.addImage)).setInputFiles({ name: 'point.png', mimeType: 'image/png', buffer })
    await page.getByRole('img', { name: say(playground.image, { number: 1 }) }).waitFor()
    const [request] = await Promise.all([
      page.waitForRequest((one) => one.url().endsWith('/v1/chat/completions')),
      button(page, say(playground.send)).click(),
    ])
    const body = request.postDataJSON() as {
      readonly response_format: { readonly type: string }
      readonly messages: readonly { readonly content: readonly { readonly type: string }[] }[]
    }
    assert.equal(body.response_format.type, 'json_schema')
    assert.deepEqual(
      body.messages[0]?.content.map(({ type }) => type),
      ['text', 'image_url'],
    )
    await page.locator('.lane .answer').getByText('{').waitFor()
    await assertWell(visit)
  })
})
