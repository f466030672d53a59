/** The first call with the person's own address and key filled in. */

import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { newKey } from '#actions/new-key.ts'
import { useRead } from '#actions/queries.ts'
import { Code } from '#parts/code.tsx'
import { ChoiceField, TextField } from '#parts/field.tsx'
import { useFilters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { Card, PageHead } from '#parts/layout.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { snippetsFor } from './snippets.ts'
import { texts } from './texts.ts'

const keyForm = /^(hs-(live|test)-|sk-)[\w-]+$/

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const client = useQueryClient()
  const [key, setKey] = useState(() => newKey(client))
  const models = useRead('models list', {}).data?.data ?? []
  const model = filters['model'] ?? models[0]?.id ?? 'kimi-k2'
  const { origin } = window.location
  const snippets = snippetsFor({ origin, model, key: keyForm.test(key) ? key : null })
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <Link className="button first" to="/keys">
            {say('make')}
          </Link>
        }
      >
        {say('lead')}
      </PageHead>
      <Card>
        <div className="inside stack">
          <div className="form">
            <div className="field">
              <span className="label">{say('base')}</span>
              <Code text={`${origin}/v1`} label={say('base')} />
            </div>
            <TextField
              label={say('key')}
              help={say('keyHelp')}
              value={key}
              placeholder="hs-live-…"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setKey(event.target.value.trim())}
            />
            <ChoiceField label={say('model')} value={model} onChange={(event) => change({ model: event.target.value })}>
              {models.length === 0 ? <option>{model}</option> : null}
              {models.map(({ id }) => (
                <option key={id}>{id}</option>
              ))}
            </ChoiceField>
          </div>
          <Tabs
            label={say('ways')}
            chosen={filters['client'] ?? 'curl'}
            onChoose={(client) => change({ client })}
            tabs={snippets.map(({ id, title, install, code }) => ({
              id,
              label: title ?? say('others'),
              content: () => (
                <div className="stack">
                  {install === undefined ? null : <Code text={install} label={say('install')} />}
                  <Code text={code} label={`${title ?? say('others')}: ${say('code')}`} />
                </div>
              ),
            }))}
          />
          <p className="soft">{say('first')}</p>
        </div>
      </Card>
    </>
  )
}
