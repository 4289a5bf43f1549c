import { getMasterStatus, getTemplate, createToken, listTemplates, listTokens, revokeToken } from './cluster.ts'
import { instanceOutput, instanceOutputCut, listRuns, playerActivity, readConsole, sendRcon, setInstanceOutputSubscriptions } from './console.ts'
import {
  assignInstance, assignInstanceCommand, createInstance, createSave, deleteInstance, getInstanceConfig, instanceChanged, instanceStateChanged, killInstance, listInstances,
  restartInstance, setInstanceConfigField, setStatusSubscription, startInstance, stopInstance, updateInstances,
} from './instances.ts'
import { listPlugins, pluginFailed, setPlugins } from './plugins.ts'
import { acceptDataDirectory, createJoinToken, createSlaveToken, drainChanged, drainSlave, joinSlave, listSlaves, removeSlave, slaveChanged } from './slaves.ts'
import { createUser, deleteUser, listUsers, setUserPassword } from './users.ts'

/** Every message of the link. What is not listed here does not exist. */
export const messages = {
  getMasterStatus, listTemplates, getTemplate, createToken, listTokens, revokeToken,
  createUser, listUsers, setUserPassword, deleteUser,
  listSlaves, removeSlave, createJoinToken, createSlaveToken, joinSlave, slaveChanged, drainSlave, drainChanged, acceptDataDirectory,
  listInstances, createInstance, startInstance, stopInstance, restartInstance, killInstance, deleteInstance,
  getInstanceConfig, setInstanceConfigField, assignInstance, assignInstanceCommand, createSave, updateInstances, instanceStateChanged, instanceChanged, setStatusSubscription,
  readConsole, listRuns, sendRcon, setInstanceOutputSubscriptions, instanceOutput, instanceOutputCut, playerActivity,
  setPlugins, pluginFailed, listPlugins,
} as const

export type Messages = typeof messages
