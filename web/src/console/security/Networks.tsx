import { Button, SegmentedControl, Tabs } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { IconDownload, IconEye, IconListCheck, IconShieldOff, IconUpload, IconUserShield } from '@tabler/icons-react'
import { useId, useState } from 'react'
import { api, Problem, sentence, take } from '~/api'
import { Card, Empty, Failed, Page, Tag, toast } from '~/look'
import { keep } from '../download'
import { Bones, Confirm } from '../forms/parts'
import forms from '../forms/Forms.module.css'
import { shortly } from '../format'
import { may, useMe } from '../session'
import admin from '../admin/Admin.module.css'
import { type ListName, useChanged, useSecurity } from './data'
import { AddEntry, EntryList } from './Entries'
import { Import } from './Import'
import styles from './Security.module.css'
import { words } from './words'

type StaffMode = 'off' | 'watch' | 'on'
type VisitorMode = 'off' | ListName

const crumbs = [...words.crumbs, words.title]

/** The mode of a list. Where others would feel it, it asks first. */
function Mode<M extends string>({ label, modes, text, said, value, edit, act, ask }: {
  label: string; modes: Record<string, string>; text: Record<string, string>; said: (mode: string) => string; value: M; edit: boolean
  act: (mode: M) => Promise<unknown>; ask?: { mode: M; title: string; text: string; yes: string }
}) {
  const name = useId()
  const changed = useChanged()
  const [asking, setAsking] = useState(false)
  const done = (mode: M) => { toast(said(modes[mode] ?? mode)); changed() }
  const switchTo = (mode: M) => act(mode).catch((problem: unknown) => {
    if (problem instanceof Problem && problem.status === 409) changed() // somebody else may have switched it: show how it is
    throw problem
  })
  const { mutate, isPending, error } = useMutation({ mutationFn: switchTo, onSuccess: (_, mode) => { done(mode) } })
  return (
    <>
      <span className={styles.label} id={name}>{label}</span>
      <SegmentedControl
        aria-labelledby={name} disabled={!edit} readOnly={isPending} aria-busy={isPending} value={value} data={Object.entries(modes).map(([mode, name]) => ({ value: mode, label: name }))}
        onChange={(mode) => { if (mode === ask?.mode) setAsking(true); else mutate(mode as M) }}
      />
      <p className={styles.advice} aria-live="polite">{text[value]}</p>
      {error && !(error instanceof Problem && error.unproved) && <Failed text={sentence(error)} />}
      {asking && ask && <Confirm title={ask.title} text={ask.text} yes={ask.yes} close={() => { setAsking(false) }} act={() => switchTo(ask.mode)} done={() => { done(ask.mode) }} />}
    </>
  )
}

/** From where staff may work. */
export function StaffList() {
  const w = words.staffList
  const settings = useSecurity() // how long the whole list is
  const edit = may(useMe(), 'security.staff_list')
  const list = useInfiniteQuery({
    queryKey: ['networks', 'staff'],
    queryFn: ({ pageParam }) => take(api.GET('/api/v1/security/staff-list', { params: { query: { limit: 100, ...(pageParam ? { after: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  })
  const first = list.data?.pages[0]
  const items = (list.data?.pages ?? []).flatMap((page) => page.items ?? [])
  return (
    <Page crumbs={crumbs} title={w.title} lead={w.lead}>
      {list.isPending ? <Card><Bones /></Card>
      : !first ? <Failed text={`${words.entry.failed}. ${sentence(list.error)}`} again={() => void list.refetch()} />
      : (
        <>
          <Card>
            <Mode<StaffMode>
              label={w.mode} modes={w.modes} text={w.modeText} said={w.switched} value={first.mode} edit={edit} ask={{ mode: 'on', title: w.onTitle, text: w.onText, yes: w.onYes }}
              act={(mode) => take(api.PUT('/api/v1/security/staff-list/mode', { body: { mode, was: first.mode } }))}
            />
          </Card>
          <Card icon={<IconUserShield size={20} />} title={w.list} tag={settings.data && <Tag>{String(settings.data.staff_list.entries)}</Tag>}>
            {edit && (
              <AddEntry
                yours={first.your_address} extra="role"
                act={({ network, remark, role }) => take(api.POST('/api/v1/security/staff-list/entries', { body: { network, remark, ...(role ? { role } : {}) } }))}
              />
            )}
            <EntryList
              items={items} edit={edit} text={words.entry.removeStaff} empty={<Empty icon={<IconListCheck size={26} />} title={w.empty}>{w.emptyText}</Empty>}
              remove={({ id }) => take(api.DELETE('/api/v1/security/staff-list/entries/{id}', { params: { path: { id } } }))}
            />
            {list.hasNextPage && <div className={admin.more}><Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{words.entry.more}</Button></div>}
          </Card>
          <Sightings />
        </>
      )}
    </Page>
  )
}

/** Takes a list out: it asks for a step-up, and stands in the audit log. */
function Export({ list }: { list: ListName }) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => take(api.GET('/api/v1/security/visitor-list/csv', { params: { query: { list } }, parseAs: 'blob' })),
    onSuccess: (file) => { keep(file, `visitor-${list}list.csv`) },
    onError: (error) => { toast(sentence(error), 'bad') },
  })
  return <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} loading={isPending} onClick={() => { mutate() }}>{words.visitorList.export}</Button>
}

function Sightings() {
  const w = words.staffList
  const { data } = useQuery({ queryKey: ['networks', 'sightings'], queryFn: () => take(api.GET('/api/v1/security/staff-list/refusals')), staleTime: 0 })
  const items = data?.items ?? []
  return (
    <Card icon={<IconEye size={20} />} title={w.sightings} lead={w.sightingsLead}>
      {items.length === 0 ? <p className={styles.advice}>{w.noSightings}</p> : (
        <ul className={admin.plain}>
          {items.map((one) => (
            <li key={`${one.staff}${one.address}${one.at}${String(one.refused)}`}>
              <span className={forms.grow}>
                {one.name} <span className={styles.network}>{one.address}</span>
                <span className={admin.small}>{w.inHour(shortly(one.at), one.count)}</span>
              </span>
              <Tag tone={one.refused ? 'danger' : 'warn'}>{one.refused ? w.refused : w.would}</Tag>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** Which visitors can write. */
export function VisitorList() {
  const w = words.visitorList
  const me = useMe()
  const edit = may(me, 'security.visitor_list')
  const [tab, setTab] = useState<ListName>('block')
  const [importing, setImporting] = useState(false)
  const settings = useSecurity() // how long the other list is
  const list = useInfiniteQuery({
    queryKey: ['networks', 'visitors', tab],
    queryFn: ({ pageParam }) => take(api.GET('/api/v1/security/visitor-list', { params: { query: { list: tab, limit: 100, ...(pageParam ? { after: pageParam } : {}) } } })),
    initialPageParam: '',
    placeholderData: keepPreviousData, // the page stands, and with it the focus, while the other list is read
    getNextPageParam: (last) => last.next || undefined,
  })
  const first = list.data?.pages[0]
  const items = (list.data?.pages ?? []).flatMap((page) => page.items ?? [])
  return (
    <Page crumbs={crumbs} title={w.title} lead={w.lead}>
      {list.isPending ? <Card><Bones /></Card>
      : !first ? <Failed text={`${words.entry.failed}. ${sentence(list.error)}`} again={() => void list.refetch()} />
      : (
        <>
          <Card>
            <Mode<VisitorMode>
              label={w.mode} modes={w.modes} text={w.modeText} said={w.switched} value={first.mode} edit={edit}
              ask={{ mode: 'allow', title: w.allowTitle, text: w.allowText(settings.data?.visitor_list.allow), yes: w.allowYes }}
              act={(mode) => take(api.PUT('/api/v1/security/visitor-list/mode', { body: { mode, was: first.mode } }))}
            />
            <p className={styles.advice}>{w.refused(first.refused_today)}, {w.week(first.refused_week)}.</p>
          </Card>
          <Card>
            <Tabs value={tab} onChange={(next) => { if (next === 'block' || next === 'allow') setTab(next) }} mb="md">
              <Tabs.List>{Object.entries(w.tabs).map(([name, said]) => <Tabs.Tab key={name} value={name} rightSection={first.mode === name && <Tag tone="good">{w.inForce}</Tag>}>{said}</Tabs.Tab>)}</Tabs.List>
            </Tabs>
            <div className={styles.files}>
              {may(me, 'security.visitor_list_export') && <Export list={tab} />}
              {edit && <Button variant="default" size="xs" leftSection={<IconUpload size={16} aria-hidden />} onClick={() => { setImporting(true) }}>{w.import}</Button>}
            </div>
            {importing && <Import list={tab} close={() => { setImporting(false) }} />}
            {edit && (
              <AddEntry
                yours={first.your_address} extra="ends"
                act={({ network, remark, ends }) => take(api.POST('/api/v1/security/visitor-list/entries', {
                  body: { list: tab, network, remark, ...(ends ? { ends_at: new Date(`${ends}T23:59:59`).toISOString() } : {}) },
                }))}
              />
            )}
            {list.isPlaceholderData ? <Bones />
              : (
                <EntryList
                  items={items} edit={edit} text={words.entry.removeVisitor} empty={<Empty icon={<IconShieldOff size={26} />} title={w.empty[tab] ?? ''}>{w.emptyText}</Empty>}
                  remove={({ id }) => take(api.DELETE('/api/v1/security/visitor-list/entries/{id}', { params: { path: { id } } }))}
                />
              )}
            {list.hasNextPage && !list.isPlaceholderData && <div className={admin.more}><Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{words.entry.more}</Button></div>}
          </Card>
        </>
      )}
    </Page>
  )
}
