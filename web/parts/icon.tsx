/** The glyphs of the console: lines on a grid of 16, coloured as the text around them. */

const paths = {
  overview: 'M2.5 9.5 8 3.5l5.5 6M4 8.5v5h8v-5',
  requests: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  keys: 'M6.500 9.500 2.500 13.500v.500h2.500l.500-.500v-1.500h1.500l1.300-1.300M10.200 9.300a3.500 3.500 0 1 0-3.500-3.500c0 1.900 1.600 3.500 3.500 3.500ZM11 5h.010',
  models: 'M8 2 13.5 5v6L8 14l-5.5-3V5L8 2ZM2.5 5 8 8l5.5-3M8 8v6',
  usage: 'M2.5 13.5h11M4.5 11V7.5M8 11V3.5M11.5 11V6',
  quickstart: 'm4 5 3 3-3 3M8.5 11.5H12M2 2.5h12v11H2z',
  billing: 'M2 4.5h12v8H2zM2 7h12M4.5 10h2.5',
  migrations: 'M2.5 11.5c5 0 4-7 11-7M11 2l2.5 2.5L11 7M2.5 4.5h3M2.5 8h2',
  providers: 'M3 3h10v4H3zM3 9h10v4H3zM5.5 5h.01M5.5 11h.01',
  customers:
    'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3.3a2.4 2.4 0 0 1 0 4.4M12.2 9.8c1.4.5 2.3 1.8 2.3 3.7',
  trail: 'M3.5 3.5h9v9h-9zM6 6.5h4M6 9.5h2.5M6 1.8v1.7M10 1.8v1.7',
  nodes:
    'M8 5.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM3.5 14.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM12.5 14.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 5.5v3M3.5 10.5v-2h9v2',
  playground: 'M3 3.5h10v7H7L4 13.5v-3H3zM6 7h.01M8 7h.01M10 7h.01',
  security: 'M8 1.8 13 3.8v4c0 3.2-2.2 5.400-5 6.400-2.800-1-5-3.200-5-6.400v-4ZM5.800 8l1.600 1.600 2.900-3.200',
  projects: 'M2.500 5V3.500h4L8 5h5.500v8h-11zM2.500 7.500h11',
  alerts:
    'M8 2a3.700 3.700 0 0 1 3.700 3.700c0 3.600 1.300 4.800 1.300 4.800H3s1.300-1.200 1.300-4.800A3.700 3.700 0 0 1 8 2ZM6.700 12.800a1.400 1.400 0 0 0 2.600 0',
  webhooks: 'M3 8h7M7.500 5 10.500 8l-3 3M12.500 3v10',
  credentials: 'M3 7h10v6.500H3zM5.200 7V5a2.800 2.800 0 0 1 5.600 0v2M8 9.600v1.500',
  settings: 'M2.500 4.500h7M12.500 4.500h1M11 3v3M2.500 11.500h1M6.500 11.500h7M5 10v3',
  prices: 'M8.500 2.500h5v5l-6 6-5-5zM10.800 5.200h.01',
  payments: 'M2.500 5h8.500L9 3M13.500 11H5l2 2',
  routing: 'M2.500 8h4M6.500 8c3 0 2-4.500 6-4.500M6.500 8c3 0 2 4.500 6 4.500M6.500 8h6',
  rules: 'M3 3.500h10v3H3zM3 9.500h6v3H3zM12 9.500v3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.3 10.3l3.2 3.2',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  check: 'm3.5 8.5 3 3 6-7',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3.5v9M3.5 8h9',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  more: 'M4 8h.01M8 8h.01M12 8h.01',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.8v1.2M8 13v1.2M1.8 8H3M13 8h1.2M3.6 3.6l.9.9M11.5 11.5l.9.9M12.4 3.6l-.9.9M4.5 11.5l-.9.9',
  language: 'M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14C6 12 5.400 10 5.400 8S6 4 8 2Z',
  person:
    'M8 8a2.8 2.8 0 1 0 0-5.600A2.800 2.800 0 0 0 8 8ZM2.800 14c0-2.900 2.300-4.500 5.200-4.500s5.200 1.600 5.200 4.500',
  download: 'M8 2.5v7.500M5 7.500l3 3 3-3M3 13.500h10',
  play: 'M5 3.500v9l7.500-4.500z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  refresh: 'M13 8a5 5 0 1 1-1.500-3.500M13 2.500v3h-3',
  table: 'M2.500 3.500h11v9h-11zM2.500 6.500h11M6.500 6.500v6',
  chart: 'M2.500 12.500 6 8l3 2.500 4.500-6',
  back: 'M9.500 3.500 5 8l4.500 4.500',
  forward: 'M6.500 3.500 11 8l-4.500 4.500',
} as const

export type IconName = keyof typeof paths

/** A glyph beside words, or within a button that has a name of its own: never read aloud. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg className="icon-glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)
