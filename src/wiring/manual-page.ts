/** The page behind the link in every error: what each code means and what to do. */

import { manualPath } from '#base/manual.ts'
import type { ProblemRow } from '#base/problem.ts'
import { problems } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { PageEndpoint } from '#http/page.ts'
import { textPage } from '#http/page.ts'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const actors: Readonly<Record<ProblemRow['blame'], string>> = {
  caller: 'the caller',
  policy: 'the caller, or the operator who set the rule',
  upstream: 'the provider',
  drover: 'the operator of this server',
}

const retries: Readonly<Record<ProblemRow['retry'], string>> = {
  never: 'no: the same call will be refused again',
  later: 'yes, after the time that retry-after gives',
  now: 'yes',
}

const section = ([code, row]: readonly [string, ProblemRow]): string => `
<section id="${code}" aria-labelledby="${code}-name">
<h2 id="${code}-name"><code>${code}</code> <span class="status">${row.status}</span></h2>
<p>${escaped(row.mend)}</p>
<p class="soft">Who must act: ${actors[row.blame]}. Worth repeating: ${retries[row.retry]}.</p>
</section>`

/** One paragraph a code, at the anchor of its name. */
export const manualEndpoint = (): Endpoint<PageEndpoint> =>
  textPage(
    manualPath,
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors - Drover</title>
<link rel="stylesheet" href="/quickstart.css">
</head>
<body>
<main>
<header>
<h1>Errors</h1>
<p class="lead">Every refusal of this relay has one of these codes. The request id in its message names the call.</p>
</header>
${Object.entries(problems).map(section).join('\n')}
<nav><a href="/">Quickstart</a></nav>
</main>
</body>
</html>
`,
  )
