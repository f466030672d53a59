/** A forecast with the catalog that is shipped. */

import { loadCatalog } from '#catalog/load.ts'
import type { PlanRequest } from './plan.ts'
import { planForecast } from './plan.ts'
import type { Read } from './quantity.ts'
import type { ForecastReport } from './report.ts'
import { forecastReport } from './report.ts'

/** Reads the catalog and makes the report; refused where what was said cannot be used. */
export const forecastFor = async ({
  catalogFolder,
  ...rest
}: Omit<PlanRequest, 'catalog'> & { readonly catalogFolder: URL }): Promise<Read<ForecastReport>> => {
  const forecast = planForecast({ ...rest, catalog: await loadCatalog(catalogFolder) })
  return forecast.ok ? { ok: true, value: forecastReport(forecast.value) } : forecast
}
