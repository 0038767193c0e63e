/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/switchboard.h"

/**
 * DispStatusValues:
 * @status: how the daemon is
 * @problem: (nullable): what is wrong, when it is degraded
 * @reload_problem: (nullable): why the last reload was refused
 * @policy: the name of the policy
 * @n_containers: how many containers the fleet has
 * @n_eligible: how many of these are eligible
 * @rate: requests in a second
 * @n_in_flight: requests in flight
 * @n_records: records that are queued or spooled
 *
 * What disp_status_line() tells of.
 */
typedef struct
{
  DispStatus status;
  const char *problem;
  const char *reload_problem;
  const char *policy;
  guint n_containers;
  guint n_eligible;
  guint64 rate;
  guint64 n_in_flight;
  guint64 n_records;
} DispStatusValues;

char *disp_status_line (const DispStatusValues *values);
