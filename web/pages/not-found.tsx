/** An address of the console that has no page. */

import { Link } from '@tanstack/react-router'
import { useWords } from '#parts/language.tsx'
import { PageHead } from '#parts/layout.tsx'
import { Empty } from '#parts/states.tsx'
import { words } from '#parts/words.ts'

const texts = words({
  title: ['There is no such page', '没有此页面'],
  why: ['The address may be from an older version of the console.', '该地址可能来自旧版控制台。'],
  home: ['Go to the overview', '前往概览'],
})

export const NotFound = () => {
  const say = useWords(texts)
  return (
    <>
      <PageHead title={say('title')} />
      <section className="card">
        <Empty title={say('why')} command={null} action={<Link to="/">{say('home')}</Link>} />
      </section>
    </>
  )
}
