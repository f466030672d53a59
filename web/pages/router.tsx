/** Routes from the list of pages; each page is a chunk of its own. */

import type { ErrorComponentProps } from '@tanstack/react-router'
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { filtersText, parseFilters } from '#parts/filters.ts'
import { ProblemNote } from '#parts/states.tsx'
import { pages } from './index.ts'
import { NotFound } from './not-found.tsx'
import { Shell } from './shell.tsx'

/** A page that failed while it was drawn, or that could not be loaded, says so in its place. */
const Failed = ({ error }: ErrorComponentProps<unknown>) => (
  <ProblemNote
    error={error instanceof Error ? error : new Error(String(error))}
    again={() => window.location.reload()}
  />
)

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Failed })

const routes = pages.map((page) =>
  createRoute({
    getParentRoute: () => root,
    path: page.path,
    component: lazyRouteComponent(page.load, 'Page'),
    errorComponent: Failed,
  }),
)

/** The router of the console. */
export const makeRouter = () =>
  createRouter({
    routeTree: root.addChildren(routes),
    defaultPreload: 'intent',
    parseSearch: parseFilters,
    stringifySearch: filtersText,
  })
