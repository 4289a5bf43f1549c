import { getMasterStatus, getTemplate, createToken, listTemplates, listTokens, revokeToken } from './cluster.ts'
import { instanceOutput, instanceOutputCut, listRuns, playerActivity, readConsole, sendRcon, setInstanceOutputSubscriptions } from './console.ts'
import {
  assignInstance, createInstance, deleteInstance, getInstanceConfig, instanceChanged, instanceStateChanged, killInstance, listInstances,
  restartInstance, setInstanceConfigField, setStatusSubscription, startInstance, stopInstance, updateInstances,
} from './instances.ts'
import { acceptDataDirectory, createJoinToken, drainChanged, drainSlave, joinSlave, listSlaves, removeSlave, slaveChanged } from './slaves.ts'

/** Every message of the link. What is not listed here does not exist. */
export const messages = {
  getMasterStatus, listTemplates, getTemplate, createToken, listTokens, revokeToken,
  listSlaves, removeSlave, createJoinToken, joinSlave, slaveChanged, drainSlave, drainChanged, acceptDataDirectory,
  listInstances, createInstance, startInstance, stopInstance, restartInstance, killInstance, deleteInstance,
  getInstanceConfig, setInstanceConfigField, assignInstance, updateInstances, instanceStateChanged, instanceChanged, setStatusSubscription,
  readConsole, listRuns, sendRcon, setInstanceOutputSubscriptions, instanceOutput, instanceOutputCut, playerActivity,
} as const

export type Messages = typeof messages
