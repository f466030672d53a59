/** What there is to look at. */

/** Every page of the console; what a page shows over itself has an address as well. */
export const paths = [
  '/',
  '/quickstart',
  '/requests',
  '/keys',
  '/models',
  '/models?model=kimi-k2',
  '/playground',
  '/usage',
  '/usage?by=day&days=7',
  '/billing?account=acme',
  '/billing?account=acme&tab=orders',
  '/billing?account=acme&tab=documents',
  '/billing?account=acme&tab=fapiao',
  '/billing?account=acme&tab=details',
  '/alerts?account=acme',
  '/members?account=acme',
  '/projects?account=acme',
  '/credentials?account=acme',
  '/migrations',
  '/migrations/gpt-to-kimi',
  '/providers',
  '/routing',
  '/rules',
  '/customers',
  '/orders',
  '/orders?state=refund-requested',
  '/orders?tab=documents',
  '/orders?tab=fapiao',
  '/prices',
  '/margins',
  '/trail',
  '/webhooks',
  '/configuration?find=limit',
  '/configuration?tab=store',
  '/nodes',
  '/no-such-page',
] as const

/** Pages that are a person's own, or look otherwise to a customer. */
export const ownPaths = ['/security', '/settings', '/alerts'] as const

/** Pages without a door, which the relay writes by itself. */
export const publicPaths = ['/pricing', '/status'] as const
