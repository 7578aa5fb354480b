import { Button } from '@mantine/core'
import { IconDownload, IconEraser, IconFileCertificate, IconShieldCheck } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { sentence } from '~/api'
import { Card, Empty, Failed, Page } from '~/look'
import admin from '../admin/Admin.module.css'
import { date, moment } from '../format'
import forms from '../forms/Forms.module.css'
import { Bones, Copy } from '../forms/parts'
import { may, mayErase, useMe } from '../session'
import { certificateName, useCertificate } from './downloads'
import styles from './Erasure.module.css'
import { Holds } from './Holds'
import { type Erasure as Erased, useErasures } from './queries'
import { Wizard } from './Wizard'
import { words } from './words'

const text = words.certificates

/** Administration > Retention > Erasure: the certificates, the holds, and how they are checked. */
export function Erasure() {
  const me = useMe()
  const [erasing, setErasing] = useState(false)
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useErasures()
  const items = (data?.pages ?? []).flatMap((part) => part.items ?? [])
  const verifier = data?.pages[0]?.verifier
  return (
    <Page
      crumbs={words.crumbs} title={words.title} lead={words.lead}
      actions={mayErase(me) && <Button variant="default" leftSection={<IconEraser size={18} aria-hidden />} onClick={() => { setErasing(true) }}>{words.eraseSomebody}</Button>}
    >
      <Card icon={<IconFileCertificate size={20} />} title={text.title} lead={text.lead}>
        {isPending ? <Bones />
        : !data ? <Failed text={`${text.failed}. ${sentence(error)}`} again={() => void refetch()} />
        : items.length === 0 ? <Empty icon={<IconFileCertificate size={26} />} title={text.empty}>{text.emptyText}</Empty>
        : <ul className={`${admin.plain ?? ''} ${styles.rows ?? ''}`} aria-label={text.list}>{items.map((item) => <Row key={item.id} item={item} />)}</ul>}
        {hasNextPage && (
          <div className={admin.more}><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{words.more}</Button></div>
        )}
      </Card>
      <Holds />
      {verifier && <Auditor verifier={verifier} file={items[0] ? certificateName(items[0].id) : 'erasure.txt'} />}
      {erasing && <Wizard close={() => { setErasing(false) }} />}
    </Page>
  )
}

function Row({ item }: { item: Erased }) {
  const { mutate, isPending } = useCertificate()
  return (
    <li>
      <div className={forms.grow}>
        <code className={styles.id} data-first>{item.contact}</code>
        <span className={admin.small}>{text.row(moment(item.at), item.by.name)}</span>
        <span className={admin.small}>{words.kept(item)}</span>
        <span className={admin.small}>{item.keys_until ? text.inBackups(date(item.keys_until)) : text.noBackups}</span>
      </div>
      <Button variant="default" size="xs" leftSection={<IconDownload size={16} aria-hidden />} loading={isPending} aria-label={text.getOf(item.contact)} onClick={() => { mutate(item.id) }}>
        {text.get}
      </Button>
    </li>
  )
}

function Auditor({ verifier, file }: { verifier: string; file: string }) {
  const me = useMe()
  const key = useId()
  const command = useId()
  const line = `parlatory audit verify-certificate ${file} --key "${verifier}"`
  return (
    <Card icon={<IconShieldCheck size={20} />} title={words.auditor.title} lead={words.auditor.lead}>
      <div className={forms.stack}>
        <div className={styles.part}>
          <div className={styles.partHead}><h3 id={command}>{words.auditor.command}</h3><Copy text={line} /></div>
          <pre className={admin.code} tabIndex={0} aria-labelledby={command}>{line}</pre>
          <p>{words.auditor.entry}</p>
        </div>
        <div className={styles.part}>
          <div className={styles.partHead}><h3 id={key}>{words.auditor.key}</h3><Copy text={verifier} /></div>
          <pre className={admin.code} tabIndex={0} aria-labelledby={key}>{verifier}</pre>
          <p>
            {words.auditor.keyHint}
            {may(me, 'audit.view') && <> <Link to="/admin/audit" search={{ element: 'Archive key' }}>{words.auditor.keyLink}</Link></>}
          </p>
        </div>
      </div>
    </Card>
  )
}
