import { ActionIcon, Button, Modal, NativeSelect, NumberInput, Progress } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconAdjustments, IconChartPie, IconFiles, IconFileSearch, IconShieldCheck, IconShieldOff, IconTrash } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { api, sentence, type Storage as Data, type StoredFile, take } from '~/api'
import { sizeOf } from '~/files/size'
import { Card, Empty, Failed, Notice, Page, Tag, toast } from '~/look'
import { useFocusBack } from '../forms/focus'
import { Bones, Confirm, refuse } from '../forms/parts'
import forms from '../forms/Forms.module.css'
import { ago, moment } from '../format'
import { iconOf } from '../inbox/Attached'
import { useNow } from '../now'
import { Log } from '../security/Log'
import security from '../security/Security.module.css'
import { may, useMe } from '../session'
import admin from './Admin.module.css'
import styles from './Storage.module.css'
import { words } from './words'

const text = words.storage
const kinds = ['image', 'document', 'audio', 'video', 'other'] as const
const hues = { image: 3, document: 2, audio: 4, video: 1, other: 5 } // of the palette's faces: told apart in light and in dark
const states = ['uploading', 'checking', 'ready', 'quarantined', 'refused'] as const
const tones = { uploading: 'plain', checking: 'info', ready: 'good', quarantined: 'danger', refused: 'warn' } as const
type Filter = { state?: StoredFile['state']; kind?: StoredFile['kind'] }

/** Administration > Storage: what people's files take, the limits, and each file. */
export function Storage() {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['storage'], queryFn: () => take(api.GET('/api/v1/storage')) })
  const [filter, setFilter] = useState<Filter>({})
  const list = useRef<HTMLDivElement>(null)
  const quarantined = () => {
    setFilter({ state: 'quarantined' })
    list.current?.scrollIntoView({ behavior: 'smooth' })
    list.current?.querySelector('select')?.focus({ preventScroll: true })
  }
  return (
    <Page crumbs={[words.title, words.groups.organisation]} title={words.pages.storage} lead={text.lead} wide>
      {isPending ? <Card><Bones /></Card>
      : !data ? <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
      : (
        <>
          {data.quarantined > 0 && (
            <Notice tone="danger" title={text.quarantineTitle(data.quarantined)} action={<Button variant="default" size="compact-sm" onClick={quarantined}>{text.quarantineShow(data.quarantined)}</Button>}>{text.quarantineText}</Notice>
          )}
          {data.waiting > 0 && <Notice tone="warn">{text.waiting(data.waiting)}</Notice>}
          <Use data={data} />
          <Limits data={data} />
        </>
      )}
      <div ref={list}>
        <Card icon={<IconFiles size={20} />} title={text.listTitle} lead={text.listLead}>
          <Files filter={filter} change={setFilter} />
        </Card>
      </div>
    </Page>
  )
}

function Use({ data }: { data: Data }) {
  const sums = kinds.flatMap((kind) => (data.kinds ?? []).filter((one) => one.kind === kind).map((one) => ({ ...one, hue: hues[kind] })))
  const whole = Math.max(data.max_total_bytes, data.bytes, 1)
  const count = sums.reduce((all, one) => all + one.count, 0)
  return (
    <Card
      icon={<IconChartPie size={20} />} title={text.sumTitle} lead={text.sumLead(count)}
      control={<strong className={styles.total}>{text.sum(sizeOf(data.bytes), data.max_total_bytes > 0 ? sizeOf(data.max_total_bytes) : undefined)}</strong>}
    >
      {count > 0 && (
        <>
          <Progress.Root size={12} radius="xl" className={styles.bar}>
            {sums.map((one) => <Progress.Section key={one.kind} value={(100 * one.bytes) / whole} color={`var(--p-face-${String(one.hue)})`} aria-label={`${text.share}: ${text.kinds[one.kind]}`} />)}
          </Progress.Root>
          <ul className={styles.kinds}>
            {sums.map((one) => (
              <li key={one.kind}>
                <span className={styles.dot} data-hue={one.hue} aria-hidden />
                <span>{text.kinds[one.kind]}<span className={admin.small}>{text.files(one.count)}, {sizeOf(one.bytes)}</span></span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p className={styles.scanner} data-on={data.scanner || undefined}>
        {data.scanner ? <IconShieldCheck size={18} aria-hidden /> : <IconShieldOff size={18} aria-hidden />}
        <span><strong>{data.scanner ? text.scanned : text.notScanned}.</strong> {!data.scanner && text.notScannedLead}</span>
      </p>
    </Card>
  )
}

function Limits({ data }: { data: Data }) {
  const [open, setOpen] = useState(false)
  const edit = may(useMe(), 'storage.edit')
  return (
    <Card
      icon={<IconAdjustments size={20} />} title={text.limitTitle} lead={text.limitLead}
      control={edit ? <Button variant="default" aria-label={`${text.change}: ${text.limitTitle}`} onClick={() => { setOpen(true) }}>{text.change}</Button> : undefined}
    >
      <dl className={security.facts}>
        <div><dt>{text.perFile}</dt><dd>{text.atMost(sizeOf(data.max_file_bytes))}</dd></div>
        <div><dt>{text.all}</dt><dd>{data.max_total_bytes > 0 ? text.atMost(sizeOf(data.max_total_bytes)) : text.noBound}</dd></div>
      </dl>
      <Log element="Storage setting" about={text.limitTitle} />
      {open && <EditLimits data={data} close={() => { setOpen(false) }} />}
    </Card>
  )
}

const mega = 1 << 20

function EditLimits({ data, close }: { data: Data; close: () => void }) {
  useFocusBack()
  const client = useQueryClient()
  const most = Math.floor(data.most_file_bytes / mega)
  const [file, setFile] = useState<number | ''>(data.max_file_bytes / mega)
  const [all, setAll] = useState<number | ''>(data.max_total_bytes / mega)
  const [wrong, setWrong] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<string>()
  const { mutate, isPending } = useMutation({
    mutationFn: () => take(api.PUT('/api/v1/storage/limit', { body: { max_file_bytes: Math.round(Number(file) * mega), max_total_bytes: Math.round(Number(all) * mega) } })),
    onSuccess: (now) => {
      client.setQueryData(['storage'], now)
      toast(text.saved)
      close()
      return client.invalidateQueries({ queryKey: ['me'] }) // it says what one may send
    },
    onError: (error) => { setProblem(refuse(error, setWrong, ['max_file_bytes', 'max_total_bytes'])) },
  })
  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    const found = {
      ...(file === '' || file < 1 || file > most ? { max_file_bytes: text.wrongFile(most) } : {}),
      ...(all === '' || all < 0 || (all > 0 && all < Number(file)) ? { max_total_bytes: text.wrongAll } : {}),
    }
    setWrong(found)
    if (Object.keys(found).length === 0 && !isPending) mutate()
  }
  const common = { inputWrapperOrder: ['label', 'input', 'description', 'error'] as ('label' | 'input' | 'description' | 'error')[], allowNegative: false, clampBehavior: 'none' as const, min: 0 }
  return (
    <Modal opened onClose={close} title={text.limitTitle}>
      <form className={forms.stack} noValidate onSubmit={submit}>
        {problem && <Notice tone="danger">{problem}</Notice>}
        <NumberInput label={text.perFileLabel} description={text.perFileHint(sizeOf(data.most_file_bytes))} value={file} error={wrong['max_file_bytes']} data-autofocus onChange={(n) => { setFile(typeof n === 'number' ? n : '') }} {...common} />
        <NumberInput label={text.allLabel} description={text.allHint} value={all} error={wrong['max_total_bytes']} onChange={(n) => { setAll(typeof n === 'number' ? n : '') }} {...common} />
        <div className={forms.foot}>
          <Button variant="default" onClick={close}>{words.cancel}</Button>
          <Button type="submit" loading={isPending}>{words.save}</Button>
        </div>
      </form>
    </Modal>
  )
}

function Files({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const [leaving, setLeaving] = useState<StoredFile>()
  const client = useQueryClient()
  const { data, error, isPending, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ['storage', 'files', filter],
    queryFn: ({ pageParam }) => take(api.GET('/api/v1/storage/files', { params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  if (isPending) return <Bones />
  if (!data) return <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
  const items = data.pages.flatMap((part) => part.items ?? [])
  const filtered = Object.keys(filter).length > 0
  if (items.length === 0 && !filtered) return <Empty icon={<IconFiles size={26} />} title={text.empty}>{text.emptyText}</Empty>
  return (
    <>
      <Chooser filter={filter} change={change} />
      {items.length === 0 ? <Empty icon={<IconFileSearch size={26} />} title={text.noMatch} /> : <Table items={items} remove={setLeaving} />}
      {hasNextPage && <div className={admin.more}><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{words.more}</Button></div>}
      {leaving && (
        <Confirm
          danger title={text.removeTitle(nameOf(leaving))} text={text.removeText} yes={text.remove} close={() => { setLeaving(undefined) }}
          act={() => take(api.DELETE('/api/v1/storage/files/{file}', { params: { path: { file: leaving.id } } }))}
          done={() => { toast(text.removed(nameOf(leaving))); void client.invalidateQueries({ queryKey: ['storage'] }) }}
        />
      )}
    </>
  )
}

function Chooser({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const set = (name: keyof Filter, value: string) => {
    const rest = Object.fromEntries(Object.entries(filter).filter(([one]) => one !== name)) as Filter
    change(value === '' ? rest : { ...rest, [name]: value })
  }
  return (
    <div className={styles.chooser}>
      <NativeSelect label={text.filterState} value={filter.state ?? ''} onChange={(event) => { set('state', event.target.value) }} data={[{ value: '', label: text.anyState }, ...states.map((value) => ({ value, label: text.states[value] }))]} />
      <NativeSelect label={text.filterKind} value={filter.kind ?? ''} onChange={(event) => { set('kind', event.target.value) }} data={[{ value: '', label: text.anyKind }, ...kinds.map((value) => ({ value, label: text.kinds[value] }))]} />
      {Object.keys(filter).length > 0 && (
        <Button variant="default" onClick={(event) => { event.currentTarget.parentElement?.querySelector('select')?.focus(); change({}) }}>{text.clear}</Button>
      )}
    </div>
  )
}

function nameOf(file: StoredFile): string {
  return file.name || text.erased
}

function Table({ items, remove }: { items: readonly StoredFile[]; remove: (file: StoredFile) => void }) {
  return (
    <table className={admin.table}>
      <caption className="p-unseen">{text.table}</caption>
      <thead>
        <tr>
          <th scope="col">{text.name}</th><th scope="col">{text.owner}</th><th scope="col">{text.state}</th><th scope="col">{text.date}</th>
          <th scope="col"><span className="p-unseen">{text.actions}</span></th>
        </tr>
      </thead>
      <tbody>{items.map((file) => <Row key={file.id} file={file} remove={remove} />)}</tbody>
    </table>
  )
}

function Row({ file, remove }: { file: StoredFile; remove: (file: StoredFile) => void }) {
  const now = useNow()
  const me = useMe()
  const Icon = iconOf(file)
  return (
    <tr className={styles.row} data-quarantined={file.state === 'quarantined' || undefined}>
      <td>
        <div className={admin.person}>
          <span className={styles.icon} aria-hidden><Icon size={20} /></span>
          <div>
            <strong>{nameOf(file)}</strong>
            <span className={admin.small}>{sizeOf(file.size)}, {text.kind[file.kind]}{file.type !== 'application/octet-stream' && ` (${file.type})`}</span>
            {file.found && <span className={styles.found}>{text.found(file.found)}</span>}
          </div>
        </div>
      </td>
      <td>{file.owner.name || text.somebody}{file.owner.kind === 'visitor' && <span className={admin.small}>{text.visitor}</span>}</td>
      <td><Tag tone={tones[file.state]}>{text.states[file.state]}</Tag>{file.state === 'ready' && !file.sent && <span className={admin.small}>{text.notSent}</span>}</td>
      <td><time className={admin.dim} dateTime={file.at} title={moment(file.at)}>{ago(file.at, now)}</time></td>
      <td>
        {file.state === 'quarantined' && may(me, 'storage.delete') && (
          <ActionIcon variant="default" size="lg" aria-label={text.removeOf(nameOf(file))} onClick={() => { remove(file) }}><IconTrash size={18} /></ActionIcon>
        )}
      </td>
    </tr>
  )
}
