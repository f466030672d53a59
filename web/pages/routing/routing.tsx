/** Routes as a picture: a model, its tiers, its targets, and how much of the traffic each has now. One call, asked again while one looks. */

import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { useFilters } from '#parts/filters.ts'
import { FindField } from '#parts/find-field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { PageHead } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import { RouteMap } from './route-map.tsx'
import { texts } from './texts.ts'

type Routes = Output<'routes list'>

const everyMs = 3_000
/** More pictures than anybody looks at; the others are found by name. */
const drawnMax = 40

const Maps = ({ routes }: { readonly routes: Routes }) => {
  const say = useWords(texts)
  const [filters] = useFilters()
  const wanted = (filters['find'] ?? '').toLowerCase()
  const found = routes.data.filter(
    ({ model, targets }) => model.toLowerCase().includes(wanted) && (filters['many'] !== '1' || targets.length > 1),
  )
  if (found.length === 0) return <p className="soft">{say('nothing')}</p>
  return (
    <>
      <div className="route-maps">
        {found.slice(0, drawnMax).map((route) => (
          <RouteMap key={route.model} route={route} />
        ))}
      </div>
      {found.length > drawnMax ? <p className="soft">{say('shown', { count: drawnMax, all: found.length })}</p> : null}
    </>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const format = useFormat()
  const [filters, change] = useFilters()
  const query = useRead('routes list', {}, { everyMs })
  const retries = query.data?.retries
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <div className="row spread">
        <div className="filters">
          <FindField label={say('find')} />
          <label className="check">
            <input
              type="checkbox"
              checked={filters['many'] === '1'}
              onChange={(event) => change({ many: event.target.checked ? '1' : undefined })}
            />
            {say('onlyMany')}
          </label>
        </div>
        {retries === undefined ? null : (
          <span className="soft tabular">
            {say('retries', { retries: format.number(retries.retries), allowed: format.number(retries.allowed) })}
          </span>
        )}
      </div>
      <Loaded query={query} lines={10}>
        {(routes) =>
          routes.data.length === 0 ? (
            <section className="card">
              <Empty title={say('empty')} command={'export MOONSHOT_API_KEY=…\ndrover init'}>
                {say('emptyWhy')}
              </Empty>
            </section>
          ) : (
            <Maps routes={routes} />
          )
        }
      </Loaded>
    </>
  )
}
