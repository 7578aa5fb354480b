import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, sentence, take } from '~/api'
import type { components } from '~/api/schema'
import { Card, Failed, Page, Tag } from '~/look'
import { Bones } from '../forms/parts'
import styles from './Security.module.css'
import { words as all } from './words'

const words = all.checklist
const tones = { on: 'good', partly: 'info', off: 'warn' } as const

type Point = components['schemas']['ChecklistPoint']

/** Administration > Security > Security checklist: who is responsible for what, and how it stands. */
export function Checklist() {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['checklist'], queryFn: () => take(api.GET('/api/v1/security/checklist')), staleTime: 0 })
  const items = data?.items ?? []
  const groups = [...new Set(items.map((one) => one.group))]
  return (
    <Page
      crumbs={all.crumbs} title={words.title} lead={words.lead}
      actions={<Button component="a" href="/api/v1/security/checklist/csv" download variant="default" leftSection={<IconDownload size={18} aria-hidden />}>{words.export}</Button>}
    >
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${words.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          <p className={styles.sum}>{words.summary(items.filter((one) => one.state === 'on').length, items.length)}</p>
          {groups.map((group) => (
            <Card key={group} title={group} lead={words.groups[group]}>
              <ul className={styles.points}>{items.filter((one) => one.group === group).map((one) => <Line key={one.id} point={one} />)}</ul>
            </Card>
          ))}
        </>
      )}
    </Page>
  )
}

function Line({ point }: { point: Point }) {
  const [to, hash] = (point.card ?? '').split('#')
  return (
    <li>
      <Tag tone={tones[point.state]}>{words.states[point.state]}</Tag>
      <div>
        <strong>{point.title}</strong>
        <p>{point.detail}</p>
        {point.state !== 'on' && <p>{words.risk} {point.risk}</p>}
      </div>
      {to && <Button component={Link} to={to} hash={hash} variant="default" size="xs" aria-label={`${words.open}: ${point.title}`}>{words.open}</Button>}
    </li>
  )
}
