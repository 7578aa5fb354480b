import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { IconArrowRight, IconDownload, IconFingerprint, IconHistory, IconZoomCancel } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { api, type AuditFilter, type AuditRecord, exportAudit, sentence, take } from '~/api'
import { Card, Empty, Failed, Page, Tag, toast } from '~/look'
import { keep } from '../download'
import { device, moment } from '../format'
import { may, useMe } from '../session'
import styles from './Audit.module.css'
import admin from './Admin.module.css'
import { changes, dayAfter, dayStart } from './changes'
import { actions, elements, type Filters, filtersOf, offered, sound } from './filters'
import { Bones, Copy } from '../forms/parts'
import { called, useNames } from './people'
import { words } from './words'

const text = words.audit
const nothing: Filters = { staff: '', action: '', element: '', from: '', to: '' }
function query({ from, to, ...rest }: Filters): AuditFilter {
  return { ...rest, ...(from ? { from: dayStart(from) } : {}), ...(to ? { to: dayAfter(to) } : {}) }
}

/**
 * The filters of the address, and a way to change some. They are judged again, since the router hands on what no route has named. Going back
 * leaves the page, not one filter after the other.
 */
function useFilters(): [Filters, (change: Filters) => void] {
  const filters = filtersOf({ ...useSearch({ from: '/admin/audit' }) })
  const navigate = useNavigate({ from: '/admin/audit' })
  return [filters, (change) => void navigate({ search: (now) => filtersOf({ ...now, ...change }), replace: true, resetScroll: false })]
}

/** Who did what. */
export function Audit() {
  const me = useMe()
  const [filters, change] = useFilters()
  const entries = useInfiniteQuery({
    queryKey: ['audit', filters],
    queryFn: ({ pageParam }) =>
      take(api.GET('/api/v1/audit', { params: { query: { ...query(filters), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    staleTime: 0,
  })
  const items = (entries.data?.pages ?? []).flatMap((part) => part.items ?? [])
  const checkpoint = entries.data?.pages[0]?.checkpoint
  return (
    <Page crumbs={[words.title, words.groups.security]} title={words.pages.audit} lead={text.lead} wide actions={may(me, 'audit.export') && <Export />}>
      <Card>
        <Chooser filters={filters} change={change} />
        {entries.isPending ? <Bones />
        : !entries.data ? <Failed text={`${text.failed}. ${sentence(entries.error)}`} again={() => void entries.refetch()} />
        : items.length > 0 ? <Table items={items} />
        : Object.keys(filters).length > 0
          ? <Empty icon={<IconZoomCancel size={26} />} title={text.noMatch} />
          : <Empty icon={<IconHistory size={26} />} title={text.empty}>{text.emptyText}</Empty>}
        {entries.hasNextPage && (
          <div className={admin.more}><Button variant="default" loading={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>{words.more}</Button></div>
        )}
      </Card>
      {checkpoint && (
        <Card icon={<IconFingerprint size={20} />} title={text.checkpoint} lead={text.checkpointLead} control={<Copy text={checkpoint} />}>
          <pre className={admin.code} tabIndex={0} aria-label={text.checkpoint}>{checkpoint}</pre>
        </Card>
      )}
    </Page>
  )
}

function Export() {
  const { mutate, isPending } = useMutation({
    mutationFn: exportAudit,
    onSuccess: (file) => {
      keep(file, `audit-${new Date().toISOString().slice(0, 10)}.jsonl`)
      toast(text.exported)
    },
    onError: (error) => { toast(sentence(error), 'bad') },
  })
  return <Button variant="default" leftSection={<IconDownload size={17} />} loading={isPending} onClick={() => { mutate() }}>{text.export}</Button>
}

function Chooser({ filters, change }: { filters: Filters; change: (change: Filters) => void }) {
  const people = useNames().members.map((member) => ({ value: member.id, label: called(member) }))
  if (filters.staff && !people.some(({ value }) => value === filters.staff)) people.push({ value: filters.staff, label: words.somebody })
  const choice = (filter: keyof Filters, label: string, every: string, data: (string | { value: string; label: string })[]) => (
    <NativeSelect label={label} value={filters[filter] ?? ''} onChange={(event) => { change({ [filter]: event.target.value }) }} data={[{ value: '', label: every }, ...data]} />
  )
  return (
    <div className={styles.chooser} role="group" aria-label={text.filters}>
      <div className={styles.filters}>
        {choice('staff', text.who, text.everyone, people)}
        {choice('action', text.action, text.anyAction, offered(actions, filters.action))}
        {choice('element', text.element, text.anyElement, offered(elements, filters.element))}
        <Day label={text.from} value={filters.from} max={filters.to} set={(from) => { change({ from }) }} />
        <Day label={text.to} value={filters.to} min={filters.from} set={(to) => { change({ to }) }} />
      </div>
      {Object.keys(filters).length > 0 && (
        <Button variant="default" size="xs" onClick={(event) => { event.currentTarget.parentElement?.querySelector('select')?.focus(); change(nothing) }}>{text.clear}</Button>
      )}
    </div>
  )
}

/** A day. What is typed stands in the field until it is a whole one, since the address holds no half ones. */
function Day({ label, value = '', min, max, set }: { label: string; value?: string; min?: string; max?: string; set: (day: string) => void }) {
  const [typed, setTyped] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) { // another address, such as after "Clear the filters"
    setKnown(value)
    setTyped(value)
  }
  const take = (day: string) => {
    setTyped(day)
    if (day === '' || sound('from', day)) set(day)
  }
  return <TextInput type="date" label={label} value={typed} min={min} max={max} onChange={(event) => { take(event.target.value) }} />
}

function Table({ items }: { items: readonly AuditRecord[] }) {
  const { nameOf } = useNames()
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <caption className="p-unseen">{text.table}</caption>
        <thead>
          <tr>
            <th scope="col">{text.number}</th><th scope="col">{text.when}</th><th scope="col">{text.who}</th><th scope="col">{text.what}</th><th scope="col">{text.change}</th>
          </tr>
        </thead>
        <tbody>{items.map((item) => <Row key={item.id} item={item} nameOf={nameOf} />)}</tbody>
      </table>
    </div>
  )
}

type NameOf = (id: string | undefined) => string | undefined

function Row({ item, nameOf }: { item: AuditRecord; nameOf: NameOf }) {
  const about = item.element === 'Staff' && item.element_id !== item.actor.id ? nameOf(item.element_id) : undefined
  return (
    <tr>
      <td className={styles.number}>{item.number ?? <span title={text.unnumbered}>–</span>}</td>
      <td><time dateTime={item.at}>{moment(item.at)}</time></td>
      <td>
        {item.actor.name || nameOf(item.actor.id) || text.kinds[item.actor.kind] || item.actor.kind}
        {item.actor.token && <span className={admin.small} title={item.actor.token}>{text.byToken}</span>}
        {item.address && <span className={admin.small}>{item.address}</span>}
        {item.device && <span className={admin.small} title={item.device}>{device(item.device)}</span>}
      </td>
      <td>
        <span className={styles.action}>{item.action}</span> {item.element}{about && `: ${about}`}
        <span className={admin.small}>{item.act}</span>
      </td>
      <td data-wide><Change item={item} nameOf={nameOf} /></td>
    </tr>
  )
}

function Change({ item, nameOf }: { item: AuditRecord; nameOf: NameOf }): ReactNode {
  if (item.damaged) return <Tag tone="danger">{text.damaged}</Tag>
  if (item.erased) return <Tag>{text.erased}</Tag>
  const rows = changes(item)
  return (
    <>
      {rows.length > 0 && (
        <dl className={styles.changes}>
          {rows.map(({ name, before, after }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {before !== undefined && <del><span className="p-unseen">{text.old}: </span>{(nameOf(before) ?? before) || text.none}</del>}
                {before !== undefined && after !== undefined && <IconArrowRight size={14} aria-hidden />}
                {after !== undefined && <ins><span className="p-unseen">{text.new}: </span>{(nameOf(after) ?? after) || text.none}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {item.remark && <span className={admin.small}>{item.remark}</span>}
    </>
  )
}
