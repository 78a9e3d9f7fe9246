/* SPDX-License-Identifier: MPL-2.0
 *
 * habeas/habeas.h: all public headers of libhabeas.
 */
#ifndef HABEAS_HABEAS_H
#define HABEAS_HABEAS_H
#include "habeas/base.h"
#include "habeas/exchange.h"
#include "habeas/eval.h"
#include "habeas/finger.h"
#include "habeas/image.h"
#include "habeas/law.h"
#include "habeas/ledger.h"
#include "habeas/score.h"
#include "habeas/synth.h"
#include "habeas/search.h"
#include "habeas/vault.h"
#endif
